import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { formatShape, sizeOf } from '../shape.ts';
import { refuseMask } from './masks.ts';

/** Settings of {@link reshape}. */
export interface ReshapeSettings {
  /** Shape of one result, `[horizon, K]`, `[height, width, C]` or `[F]`. */
  shape: readonly number[];
}

/** A reshaping layer as data. */
export interface ReshapeConfig extends ReshapeSettings, LayerConfig {
  type: 'reshape';
}

/** Gives the same values another shape, row-major: `dense({ units: horizon·K })` becomes `[B, horizon, K]`. */
export function reshape(settings: ReshapeSettings): ReshapeConfig {
  return { type: 'reshape', shape: [...settings.shape] };
}

const isShape = (value: unknown) =>
  Array.isArray(value) &&
  value.length >= 1 &&
  value.length <= 3 &&
  value.every((size) => Number.isInteger(size) && size >= 1 && size <= 2 ** 24);

/** Definition of {@link reshape}. */
export const reshapeLayer: LayerDefinition<Required<ReshapeSettings>> = {
  settings: {
    shape: { expected: 'one to three whole numbers from 1, for example [horizon, K]', accepts: isShape },
  },
  outputShape({ shape }, input) {
    const size = sizeOf(input);
    const wanted = shape.reduce((product, each) => product * each, 1);
    if (size !== wanted) {
      throw new Error(
        `reshape: ${formatShape(shape)} needs ${wanted} values an example, got ${formatShape(input)}. ` +
          `Give the layer before it ${wanted} units.`,
      );
    }
    return [...shape];
  },
  apply({ settings, x, mask }) {
    refuseMask('reshape', mask, 'Use globalPool1d or a recurrent layer without returnSequences before it.');
    return { x: tf.reshape(x, [x.shape[0]!, ...settings.shape]) };
  },
  plan: ({ settings: { shape }, input }) =>
    input.mask ? 'reshape cannot honour a mask' : { ...input, shape: [...shape] },
};
