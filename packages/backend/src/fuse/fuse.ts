// A drop-in for models of tfjs-layers: their recurrent layers run through the fused ops, everything else is theirs.

import { fusedCall } from './fused-call.ts';
import { type Call, drops, isRecurrent, type RecurrentLayer, reasonToLeave } from './recurrent-layer.ts';

/** What {@link fuse} did. Layers are named by their path: `encoder/bidirectional_1/forward_lstm_1`. */
export interface Fused {
  /** Layers that run fused now. */
  fused: string[];
  /** Recurrent layers that run as before, wholly or, where they are among `fused` too, in the calls of the reason. */
  left: { layer: string; reason: string }[];
}

/** A model of tfjs-layers, or what else has layers. */
export interface LayeredModel {
  readonly layers: readonly object[];
}

/** The calls that stand in for a layer's own. */
const standIns = new WeakSet<Call>();

/**
 * Lets the LSTM, GRU and SimpleRNN layers of a tfjs-layers model, and its RNN layers of one such cell, run and train
 * through the fused ops: predict, evaluate, fit, trainOnBatch and apply as before, on the same variables. Outputs differ
 * by rounding (< 1e-5), saved models not at all. Nested models and layers in Bidirectional or TimeDistributed are
 * fused too. Call it again after adding layers; a model loaded from a saved one is another model.
 *
 * Differs from tfjs-layers in three places: inputs dropped in training are drawn from another stream; NaN at masked steps
 * stays out of the results; a stateful layer in training does not keep the states of all earlier steps in memory.
 * @returns what was fused, and what was left alone and why.
 * @throws if `model` has no layers.
 */
export function fuse(model: LayeredModel): Fused {
  const result: Fused = { fused: [], left: [] };
  for (const [path, layer] of recurrentLayers('fuse', model)) {
    const reason = standIns.has(layer.call) ? undefined : reasonToLeave(layer);
    if (reason) {
      result.left.push({ layer: path, reason });
      continue;
    }
    if (!standIns.has(layer.call)) {
      layer.call = fusedCall(layer);
      standIns.add(layer.call);
    }
    result.fused.push(path);
    if (drops(layer.cell.recurrentDropout)) {
      result.left.push({ layer: path, reason: 'recurrentDropout: its training steps run as before' });
    }
  }
  return result;
}

/**
 * Undoes {@link fuse}: every layer runs by its own `call` again.
 * @throws if `model` has no layers.
 */
export function unfuse(model: LayeredModel): void {
  for (const [, layer] of recurrentLayers('unfuse', model)) {
    if (standIns.has(layer.call)) delete (layer as Partial<RecurrentLayer>).call;
  }
}

/** All recurrent layers with their paths, each layer once. */
function recurrentLayers(caller: string, model: LayeredModel): Map<string, RecurrentLayer> {
  if (!Array.isArray(model?.layers)) {
    throw new Error(
      `${caller}: model must be a model of tfjs-layers, got ${model === null ? 'null' : typeof model} without layers. ` +
        'Pass what tf.sequential, tf.model or tf.loadLayersModel gave.',
    );
  }
  const found = new Map<string, RecurrentLayer>();
  const seen = new Set<object>();
  const visit = (layer: object, path: string) => {
    if (seen.has(layer)) return;
    seen.add(layer);
    if (isRecurrent(layer)) found.set(path, layer);
    else for (const child of childrenOf(layer)) visit(child, `${path}/${(child as RecurrentLayer).name}`);
  };
  for (const layer of model.layers) visit(layer, (layer as RecurrentLayer).name);
  return found;
}

/** The layers inside a layer: those of a nested model, or those that a wrapper calls. */
function childrenOf(layer: object): readonly object[] {
  const { layers, forwardLayer, backwardLayer, layer: wrapped } = layer as Partial<Record<string, object>>;
  if (Array.isArray(layers)) return layers;
  // Bidirectional keeps the layer it copied twice, and never calls it.
  if (forwardLayer && backwardLayer) return [forwardLayer, backwardLayer];
  return wrapped ? [wrapped] : [];
}
