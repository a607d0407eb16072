// A config and a seed become a model: variables with their first values, and the function on the tape.

import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { deriveSeed } from '@tidecast/data';
import type { ModelConfig } from './config.ts';
import { createInference } from './inference.ts';
import { initialize } from './initializers.ts';
import type { LayerResult, WeightSpec } from './layer-definition.ts';
import { zeroMasked } from './layers/masks.ts';
import type { ApplyOptions, Model } from './model.ts';
import { planLayers } from './plan-layers.ts';
import { type ResolvedModel, resolveModel } from './resolve.ts';
import type { ResolvedLayer } from './resolve-layers.ts';
import { formatShape } from './shape.ts';

/** How a model is made. */
export interface CreateOptions {
  /** Decides the first weights; default 0. The same config and seed give the same model on every backend. */
  seed?: number;
}

/**
 * Makes a model from a config: `createModel(network({ input: [24, 2], layers: [lstm({ units: 50 }), …] }), { seed })`.
 * Its weights are variables that stay until `dispose`.
 * @throws on a config that is not sound, or while no backend is ready.
 */
export function createModel(config: ModelConfig, options: CreateOptions = {}): Model {
  const resolved = resolveModel(config);
  const seed = options.seed ?? 0;
  return buildModel(resolved, (name, spec) => initialize(spec.init, spec.shape, { seed, name }));
}

/** Full names of all weights with their specifications, in layer order. */
export function weightSpecs(resolved: ResolvedModel): { name: string; shape: readonly number[] }[] {
  return resolved.layers.flatMap((layer) =>
    layer.weights.map((spec) => ({ name: `${layer.name}.${spec.name}`, shape: spec.shape })),
  );
}

/** A model whose weights start at what `valuesFor` gives. */
export function buildModel(
  resolved: ResolvedModel,
  valuesFor: (name: string, spec: WeightSpec) => Float32Array,
): Model {
  if (tf.getBackend() === '' || tf.getBackend() === undefined) {
    throw new Error("createModel: no tensor backend is ready. Call `await useBackend('wasm')` first.");
  }
  const weights: Record<string, Variable> = {};
  const byLayer = resolved.layers.map((layer) =>
    Object.fromEntries(
      layer.weights.map((spec) => {
        const name = `${layer.name}.${spec.name}`;
        const values = valuesFor(name, spec);
        const variable = tf.tidy(() => tf.variable(tf.tensor(values, [...spec.shape], 'float32')));
        weights[name] = variable;
        return [spec.name, variable];
      }),
    ),
  );
  const inference = createInference(resolved.layers, weights);
  let disposed = false;
  const refuseDisposed = () => {
    if (disposed) throw new Error('model: it was disposed. Create or load it again.');
  };
  return {
    config: resolved.config,
    weights: Object.freeze(weights),
    apply(x, options = {}) {
      refuseDisposed();
      checkInput(resolved, x.shape, options.mask?.shape);
      if (x.dtype !== 'float32') {
        throw new Error(`${resolved.layers[0]!.type}: x must be float32, got ${x.dtype}. Cast it.`);
      }
      return tf.tidy(() => run(resolved.layers, byLayer, x, options));
    },
    plan: (plan, input, blocks) =>
      input.mask && input.shape.length !== 2
        ? 'a mask needs inputs with time'
        : planLayers(resolved.layers, plan, input, blocks),
    infer(x, mask) {
      refuseDisposed();
      checkInput(resolved, x.shape, mask?.shape);
      return tf.getBackend() === 'wasm' ? inference.run(x, mask) : undefined;
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      inference.dispose();
      for (const variable of Object.values(weights)) variable.dispose();
    },
  };
}

function run(
  layers: readonly ResolvedLayer[],
  weights: readonly Readonly<Record<string, Tensor>>[],
  x: Tensor,
  { training = false, mask, seed }: ApplyOptions,
): Tensor {
  // Masked steps become 0 once, here, so that whatever stood there (also NaN) reaches no layer and no gradient.
  let state: LayerResult = mask ? { x: zeroMasked(x, mask), mask: tf.cast(mask, 'float32') } : { x };
  layers.forEach((layer, index) => {
    state = layer.definition.apply({
      settings: layer.settings as Record<string, unknown>,
      weights: weights[index]!,
      ...state,
      training,
      ...(seed === undefined ? {} : { seed: deriveSeed(seed, index) }),
    });
  });
  // A tensor that goes through untouched must not be the caller's own: tidy would leave two owners.
  return state.x === x ? tf.clone(x) : state.x;
}

/** @throws where `x`, or the mask, has another shape than the config says. */
function checkInput(
  { config: { input }, layers }: ResolvedModel,
  x: readonly number[],
  mask: readonly number[] | undefined,
): void {
  const type = layers[0]!.type;
  const fits =
    x.length === input.length + 1 &&
    x.every((size, axis) => size > 0 && (axis === 0 || input[axis - 1] === null || input[axis - 1] === size));
  if (!fits) {
    const wrongChannels = x.length === input.length + 1 && x[input.length] !== input[input.length - 1];
    const fix = wrongChannels
      ? 'Is the scaler from another series?'
      : input.length === 2 && input[0] !== null && x.length === 3
        ? `For any length, create the model with input [null, ${input[1]}].`
        : input.length === 3
          ? 'Images have their channels last.'
          : 'The first axis is the batch, and nothing may be empty.';
    throw new Error(`${type}: x must be ${formatShape(input)}, got [${x.join(', ')}]. ${fix}`);
  }
  if (!mask) return;
  const wanted = x.slice(0, 2);
  if (input.length !== 2 || mask.length !== 2 || mask.some((size, axis) => size !== wanted[axis])) {
    const expected =
      input.length === 2 ? `[B, T] = [${wanted.join(', ')}]` : 'absent, for inputs without time';
    throw new Error(`${type}: mask must be ${expected}, got [${mask.join(', ')}].`);
  }
}
