import * as tf from '@tensorflow/tfjs-core';
import type { Signal } from '@tidecast/backend';
import { type Activation, activate, activationSetting } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition, PlanCall } from '../layer-definition.ts';
import { type LayerKinds, resolveLayers } from '../resolve-layers.ts';
import type { Setting } from '../settings.ts';
import { formatShape, type Shape } from '../shape.ts';
import { batchNorm } from './batch-norm.ts';
import { cnn2d } from './cnn2d.ts';
import { bothAxes, type PerAxis } from './image-windows.ts';
import {
  applyList,
  type LayerList,
  layersAsData,
  planList,
  shareInput,
  statisticsOfLists,
  weightsOfLists,
} from './layer-lists.ts';
import { planActivation, sumsFor } from './planned-activation.ts';

/** Settings of {@link residual}. */
export interface ResidualSettings {
  /** F: one layer at least. */
  layers: readonly LayerConfig[];
  /**
   * S: `identity` (default), where F keeps the shape; `projection`, for images: a 1 × 1 convolution with the strides of
   * F, and batch norm where F ends in one; or layers.
   */
  shortcut?: 'identity' | 'projection' | readonly LayerConfig[];
  /** Default `relu`. */
  activation?: Activation;
}

/** A residual block as data. */
export interface ResidualConfig extends ResidualSettings, LayerConfig {
  type: 'residual';
}

/**
 * Residual block: `y = φ(F(x) + S(x))` (He et al. 2016, arXiv:1512.03385). Weights are named by list and position:
 * `2.residual.layers.0.cnn2d.kernel`, `2.residual.shortcut.0.cnn2d.kernel`.
 */
export function residual(settings: ResidualSettings): ResidualConfig {
  const copy = (layers: readonly LayerConfig[]) => layers.map((layer) => ({ ...layer }));
  const { layers, shortcut } = settings;
  return {
    type: 'residual',
    ...settings,
    layers: copy(layers),
    ...(Array.isArray(shortcut) && { shortcut: copy(shortcut as readonly LayerConfig[]) }),
  };
}

type Settings = Required<ResidualSettings>;

const isList = (value: unknown): value is LayerConfig[] =>
  Array.isArray(value) && value.length >= 1 && value.length <= 1000;

const settings = {
  layers: { expected: 'a list of 1 to 1000 layers', accepts: isList },
  shortcut: {
    expected: "'identity', 'projection' or a list of 1 to 1000 layers",
    accepts: (value: unknown) => value === 'identity' || value === 'projection' || isList(value),
    default: 'identity',
  },
  activation: activationSetting('relu'),
} satisfies Record<keyof Settings, Setting>;

/** Definition of {@link residual}, whose layers are of the given kinds. */
export function residualLayer(kinds: LayerKinds): LayerDefinition<Settings> {
  /** The lists inside, by the settings they were worked out from: F, and S where it is not the identity. */
  const known = new WeakMap<Settings, readonly [LayerList] | readonly [LayerList, LayerList]>();
  const resolve = (name: 'layers' | 'shortcut', layers: readonly LayerConfig[], input: Shape): LayerList => ({
    name,
    index: name === 'layers' ? 0 : 1,
    layers: resolveLayers(layers, input, { kinds, owner: `residual: ${name}` }),
  });
  return {
    settings,
    complete(given, input) {
      const main = resolve('layers', given.layers, input);
      const layers = layersAsData(main);
      if (given.shortcut === 'identity') {
        const settings = { ...given, layers };
        known.set(settings, [main]);
        return settings;
      }
      const shortcut = resolve(
        'shortcut',
        given.shortcut === 'projection' ? projection(main, input) : given.shortcut,
        input,
      );
      const settings = { ...given, layers, shortcut: layersAsData(shortcut) };
      known.set(settings, [main, shortcut]);
      return settings;
    },
    outputShape(settings, input) {
      const [main, shortcut] = known.get(settings)!;
      const result = main.layers.at(-1)!.outputShape;
      const other = shortcut?.layers.at(-1)?.outputShape ?? input;
      if (result.length === other.length && result.every((size, axis) => size === other[axis])) return result;
      throw new Error(
        `residual: the layers give ${formatShape(result)} and the shortcut ${formatShape(other)}, which do not add up. ` +
          (shortcut
            ? 'Pad the layers, or choose a shortcut of the same result.'
            : "Pad the layers, or take shortcut: 'projection'."),
      );
    },
    weights: (settings) => weightsOfLists(known.get(settings)!),
    statistics: (settings) => statisticsOfLists(known.get(settings)!),
    apply(call) {
      if (call.mask) throw new Error('residual: cannot honour a mask. Leave the mask out.');
      const [main, shortcut] = known.get(call.settings)!;
      const result = applyList(main, call);
      const sum = tf.add(result, shortcut ? applyList(shortcut, call) : call.x);
      return { x: activate(call.settings.activation, sum) };
    },
    plan: (call) => planResidual(known.get(call.settings)!, call),
  };
}

/** The shortcut for layers that change the number of channels or stride over pixels. */
function projection({ layers }: LayerList, input: Shape): LayerConfig[] {
  const last = layers.at(-1)!;
  const result = last.outputShape;
  if (input.length !== 3 || result.length !== 3) {
    throw new Error(
      `residual: shortcut 'projection' is for images [B, H, W, C], got ${formatShape(input)} and ${formatShape(result)}. ` +
        'Give the shortcut as layers.',
    );
  }
  const along = (axis: 0 | 1) =>
    layers.reduce((product, { settings }) => product * bothAxes((settings.stride ?? 1) as PerAxis)[axis], 1);
  const normalised = last.type === 'batchNorm';
  const convolution = { filters: result[2]!, kernelSize: 1, stride: [along(0), along(1)] as const };
  return [
    cnn2d({ ...convolution, useBias: !normalised, activation: 'linear' }),
    ...(normalised ? [batchNorm()] : []),
  ];
}

function planResidual(
  [main, shortcut]: readonly [LayerList, LayerList?],
  call: PlanCall<Settings>,
): Signal | string {
  const { plan, input, settings } = call;
  if (input.mask) return 'residual cannot honour a mask';
  const { kernels } = plan;
  const [first, second] = shareInput(plan, input, 2) as [Signal, Signal];
  const result = planList(main, call, first);
  if (typeof result === 'string') return `layers: ${result}`;
  const around = shortcut ? planList(shortcut, call, second) : second;
  if (typeof around === 'string') return `shortcut: ${around}`;
  const output = plan.signal(result.shape);
  const sums = sumsFor(plan, settings.activation, output);
  const perExample = result.shape.reduce((product, size) => product * size, 1);
  plan.forward(({ batch }) =>
    kernels.add(batch * perExample, result.value.address, around.value.address, sums.address),
  );
  if (output.gradient) {
    const dy = output.gradient;
    plan.backward(({ batch }) => {
      for (const { gradient } of [result, around]) {
        if (gradient) kernels.copy(batch * perExample, dy.address, gradient.address);
      }
    });
  }
  planActivation(plan, settings.activation, sums, output);
  return output;
}
