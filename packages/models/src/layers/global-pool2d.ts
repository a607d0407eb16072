import type { Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { oneOf } from '../settings.ts';
import { imageShape } from '../shape.ts';
import { refuseMask } from './masks.ts';
import { planPool } from './planned-pool.ts';

/** Settings of {@link globalPool2d}. */
export interface GlobalPool2dSettings {
  /** Default `average`. */
  mode?: 'average' | 'max';
}

/** A pooling over whole images as data. */
export interface GlobalPool2dConfig extends GlobalPool2dSettings, LayerConfig {
  type: 'globalPool2d';
}

/** Mean or maximum over all pixels: `[B, H, W, C]` to `[B, C]`. Of equal maxima the first takes the gradient. */
export function globalPool2d(settings: GlobalPool2dSettings = {}): GlobalPool2dConfig {
  return { type: 'globalPool2d', ...settings };
}

/** Definition of {@link globalPool2d}. */
export const globalPool2dLayer: LayerDefinition<Required<GlobalPool2dSettings>> = {
  settings: { mode: oneOf(['average', 'max'], 'average') },
  outputShape: (_settings, input) => [imageShape('globalPool2d', input).channels],
  apply({ settings: { mode }, x, mask }) {
    refuseMask('globalPool2d', mask, 'Leave the mask out.');
    if (mode === 'average') return { x: tf.mean(x, [1, 2]) };
    // A window as large as the image, because tf.max gives every equal value the whole gradient.
    const [batch, height, width, channels] = (x as Tensor4D).shape;
    const highest = tf.maxPool(x as Tensor4D, [height, width], [height, width], 'valid');
    return { x: tf.reshape(highest, [batch, channels]) };
  },
  plan({ settings: { mode }, plan, input }) {
    if (input.mask) return 'globalPool2d cannot honour a mask';
    const [height, width, channels] = input.shape as readonly [number, number, number];
    return planPool(plan, mode, input, [channels], {
      input: [height, width, channels],
      output: [1, 1],
      window: [height, width],
      strides: [height, width],
      before: [0, 0],
    });
  },
};
