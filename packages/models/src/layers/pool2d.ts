import type { Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { imageShape } from '../shape.ts';
import { bothAxes, type ImageWindows, type PerAxis, perAxis, windowedImage } from './image-windows.ts';
import { refuseMask } from './masks.ts';
import { type PoolKind, planPool } from './planned-pool.ts';

/** Settings of {@link maxPool2d} and {@link averagePool2d}. Pairs are [height, width]; one number stands for both. */
export interface Pool2dSettings {
  /** Pixels in a window; default 2. */
  poolSize?: PerAxis;
  /** Pixels between windows; default `poolSize`. */
  stride?: PerAxis;
}

/** A pooling layer for images as data. */
export interface Pool2dConfig extends Pool2dSettings, LayerConfig {
  type: 'maxPool2d' | 'averagePool2d';
}

/**
 * Maximum over windows of an image, channel by channel: `[B, H, W, C]` to `[B, H′, W′, C]` with
 * H′ = ⌊(H − poolSize)/stride⌋ + 1, W′ alike. Of equal values the first takes the gradient.
 */
export function maxPool2d(settings: Pool2dSettings = {}): Pool2dConfig {
  return { type: 'maxPool2d', ...settings };
}

/** Mean over windows of an image, channel by channel. Shapes as for {@link maxPool2d}. */
export function averagePool2d(settings: Pool2dSettings = {}): Pool2dConfig {
  return { type: 'averagePool2d', ...settings };
}

function poolLayer(type: string, kind: PoolKind): LayerDefinition<Required<Pool2dSettings>> {
  const windowsOf = ({ poolSize, stride }: Required<Pool2dSettings>): ImageWindows => {
    const [sizes, strides] = [bothAxes(poolSize), bothAxes(stride)];
    const along = (axis: 0 | 1) => {
      return { size: sizes[axis], stride: strides[axis], dilation: 1, before: 0, after: 0 };
    };
    return [along(0), along(1)];
  };
  return {
    settings: {
      poolSize: perAxis({ min: 1, max: 4096, default: 2 }),
      stride: perAxis({ min: 1, max: 4096, default: (given: Pool2dSettings) => given.poolSize ?? 2 }),
    },
    outputShape: (settings, input) =>
      windowedImage(type, input, windowsOf(settings), imageShape(type, input).channels),
    apply({ settings, x, mask }) {
      refuseMask(type, mask, 'Leave the mask out.');
      const pool = kind === 'max' ? tf.maxPool : tf.avgPool;
      return {
        x: pool(x as Tensor4D, [...bothAxes(settings.poolSize)], [...bothAxes(settings.stride)], 'valid'),
      };
    },
    plan({ settings, plan, input }) {
      if (input.mask) return `${type} cannot honour a mask`;
      const [height, width, channels] = input.shape as readonly [number, number, number];
      const [rows, columns] = windowedImage(type, input.shape, windowsOf(settings), channels);
      return planPool(plan, kind, input, [rows, columns, channels], {
        input: [height, width, channels],
        output: [rows, columns],
        window: bothAxes(settings.poolSize),
        strides: bothAxes(settings.stride),
        before: [0, 0],
      });
    },
  };
}

/** Definition of {@link maxPool2d}. */
export const maxPool2dLayer = poolLayer('maxPool2d', 'max');

/** Definition of {@link averagePool2d}. */
export const averagePool2dLayer = poolLayer('averagePool2d', 'average');
