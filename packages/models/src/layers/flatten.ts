import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { formatShape, sizeOf } from '../shape.ts';
import { refuseMask } from './masks.ts';

/** A flattening layer as data. */
export interface FlattenConfig extends LayerConfig {
  type: 'flatten';
}

/** Lays all values of an example side by side: `[B, T, C]` to `[B, T·C]`. Needs a fixed T and no mask. */
export function flatten(): FlattenConfig {
  return { type: 'flatten' };
}

/** Definition of {@link flatten}. */
export const flattenLayer: LayerDefinition<Record<never, never>> = {
  settings: {},
  outputShape(_settings, input) {
    const size = sizeOf(input);
    if (size === null) {
      throw new Error(
        `flatten: needs a fixed number of steps, got ${formatShape(input)}. ` +
          'Say it in the input, [steps, channels], or use globalPool1d.',
      );
    }
    return [size];
  },
  apply({ x, mask }) {
    refuseMask('flatten', mask, 'Use globalPool1d, a recurrent layer, or windows without padding.');
    return { x: tf.reshape(x, [x.shape[0]!, x.size / x.shape[0]!]) };
  },
  plan: ({ input }) =>
    input.mask
      ? 'flatten cannot honour a mask'
      : { ...input, shape: [input.shape.reduce((a, b) => a * b, 1)] },
};
