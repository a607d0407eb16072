// A config and a seed become a model: variables with their first values, and the function on the tape.

import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { deriveSeed } from '@tidecast/data';
import type { ModelConfig } from './config.ts';
import { createInference } from './inference.ts';
import { initialize } from './initializers.ts';
import type { LayerResult, Statistic, StatisticSpec, WeightSpec } from './layer-definition.ts';
import { zeroMasked } from './layers/masks.ts';
import type { ApplyOptions, Model, Stateful, StatefulOptions } from './model.ts';
import { planLayers } from './plan-layers.ts';
import { type ResolvedModel, resolveModel } from './resolve.ts';
import type { ResolvedLayer } from './resolve-layers.ts';
import { formatShape, sizeOf } from './shape.ts';
import { checkStateAfter, checkStates, ownEntries, stateSizes } from './states.ts';

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
  return buildModel(resolved, (name, spec) =>
    'init' in spec
      ? initialize(spec.init, spec.shape, { seed, name })
      : new Float32Array(sizeOf(spec.shape)!).fill(spec.start),
  );
}

/** Full names and shapes of all weights and statistics, in layer order. */
export function valueSpecs(resolved: ResolvedModel): { name: string; shape: readonly number[] }[] {
  return resolved.layers.flatMap((layer) =>
    [...layer.weights, ...layer.statistics].map((spec) => ({
      name: `${layer.name}.${spec.name}`,
      shape: spec.shape,
    })),
  );
}

/** A model whose weights and statistics start at what `valuesFor` gives. */
export function buildModel(
  resolved: ResolvedModel,
  valuesFor: (name: string, spec: WeightSpec | StatisticSpec) => Float32Array,
): Model {
  if (tf.getBackend() === '' || tf.getBackend() === undefined) {
    throw new Error("createModel: no tensor backend is ready. Call `await useBackend('wasm')` first.");
  }
  const variablesOf = (specsOf: (layer: ResolvedLayer) => readonly (WeightSpec | StatisticSpec)[]) =>
    Object.fromEntries(
      resolved.layers.flatMap((layer) =>
        specsOf(layer).map((spec): [string, Variable] => {
          const name = `${layer.name}.${spec.name}`;
          const values = valuesFor(name, spec);
          const trained = 'init' in spec;
          const tensor = () => tf.tensor(values, [...spec.shape], 'float32');
          return [name, tf.tidy(() => tf.variable(tensor(), trained))];
        }),
      ),
    );
  const weights = variablesOf((layer) => layer.weights);
  const statistics = variablesOf((layer) => layer.statistics);
  const byLayer = resolved.layers.map(({ name }) => ({
    weights: ownEntries(name, weights),
    statistics: ownEntries(name, statistics),
  }));
  const states = stateSizes(resolved.layers);
  const inference = createInference(resolved.layers, { weights, statistics });
  const stateful = createInference(resolved.layers, { weights, statistics }, states);
  let disposed = false;
  const refuseDisposed = () => {
    if (disposed) throw new Error('model: it was disposed. Create or load it again.');
  };
  const check = (x: Tensor, { mask }: ApplyOptions) => {
    refuseDisposed();
    checkInput(resolved, x.shape, mask?.shape);
    if (x.dtype !== 'float32') {
      throw new Error(`${resolved.layers[0]!.type}: x must be float32, got ${x.dtype}. Cast it.`);
    }
  };
  return {
    config: resolved.config,
    weights: Object.freeze(weights),
    ...(Object.keys(statistics).length > 0 && { statistics: Object.freeze(statistics) }),
    states,
    apply(x, options = {}) {
      check(x, options);
      if (options.state) checkStates(states, x.shape[0]!, options.state);
      return tf.tidy(() => run(resolved.layers, byLayer, x, options).output);
    },
    applyStateful(x, options = {}) {
      check(x, options);
      checkStates(states, x.shape[0]!, options.state);
      return tf.tidy(
        () => run(resolved.layers, byLayer, x, options) as unknown as tf.TensorContainerObject,
      ) as unknown as Stateful<Tensor>;
    },
    plan: (plan, input, blocks, parts) =>
      input.mask && input.shape.length !== 2
        ? 'a mask needs inputs with time'
        : planLayers(resolved.layers, plan, input, blocks, parts),
    infer(x, mask) {
      refuseDisposed();
      checkInput(resolved, x.shape, mask?.shape);
      return tf.getBackend() === 'wasm' ? inference.run(x, { mask })?.output : undefined;
    },
    inferStateful(x, options = {}) {
      refuseDisposed();
      checkInput(resolved, x.shape, options.mask?.shape);
      checkStates(states, x.shape[0]!, options.state);
      return tf.getBackend() === 'wasm' ? stateful.run(x, options) : undefined;
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      inference.dispose();
      stateful.dispose();
      for (const variable of Object.values({ ...weights, ...statistics })) variable.dispose();
    },
  };
}

interface LayerValues {
  weights: Readonly<Record<string, Tensor>>;
  statistics: Readonly<Record<string, Tensor>>;
}

function run(
  layers: readonly ResolvedLayer[],
  values: readonly LayerValues[],
  x: Tensor,
  options: StatefulOptions,
): Stateful<Tensor> {
  const { training = false, mask, seed, state: before, stateAfter, onState, onLayer } = options;
  const state: Record<string, Tensor> = {};
  // Masked steps become 0 once, here, so that whatever stood there (also NaN) reaches no layer and no gradient.
  let flow: Pick<LayerResult, 'x' | 'mask'> = mask
    ? { x: zeroMasked(x, mask), mask: tf.cast(mask, 'float32') }
    : { x };
  layers.forEach(({ name, settings, definition }, index) => {
    if (stateAfter !== undefined && definition.states) {
      checkStateAfter(name, stateAfter, x.shape[1]!, flow.x.shape[1]!);
    }
    const { state: after = {}, ...result } = definition.apply({
      settings: settings as Record<string, unknown>,
      weights: values[index]!.weights,
      statistics: movable(name, values[index]!.statistics, options),
      ...flow,
      training,
      ...(seed === undefined ? {} : { seed: deriveSeed(seed, index) }),
      ...(before && { state: ownEntries(name, before) }),
      ...(stateAfter !== undefined && { stateAfter }),
      ...(onState && { onState: (state, step, value) => onState(`${name}.${state}`, step, value) }),
      ...(onLayer && { onLayer: (layer, value) => onLayer(`${name}.${layer}`, value) }),
    });
    flow = onLayer ? { ...result, x: onLayer(name, result.x) } : result;
    for (const [own, tensor] of Object.entries(after)) state[`${name}.${own}`] = tensor;
  });
  // The output must be nobody else's, neither the caller's own x that goes through untouched nor a state.
  const shared = flow.x === x || Object.values(state).includes(flow.x);
  return { output: shared ? tf.clone(flow.x) : flow.x, state };
}

/** The statistics of a layer, and where they go as a batch moves them: nowhere outside training, and where they are kept. */
function movable(
  layer: string,
  statistics: Readonly<Record<string, Tensor>>,
  { training, keepStatistics = [], onStatistic }: ApplyOptions,
): Record<string, Statistic> {
  return Object.fromEntries(
    Object.entries(statistics).map(([own, value]) => {
      const name = `${layer}.${own}`;
      if (!training || keepStatistics.includes(name)) return [own, { value }];
      return [own, { value, move: (next: Tensor) => onStatistic?.(name, next) }];
    }),
  );
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
