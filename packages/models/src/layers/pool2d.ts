import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
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
  /** Pixels around the image, which count as none at all; at most half of `poolSize`; default 0. */
  padding?: PerAxis;
}

/** A pooling layer for images as data. */
export interface Pool2dConfig extends Pool2dSettings, LayerConfig {
  type: 'maxPool2d' | 'averagePool2d';
}

/**
 * Maximum over windows of an image, channel by channel: `[B, H, W, C]` to `[B, H′, W′, C]` with
 * H′ = ⌊(H + 2·padding − poolSize)/stride⌋ + 1, W′ alike. Of equal values the first takes the gradient.
 */
export function maxPool2d(settings: Pool2dSettings = {}): Pool2dConfig {
  return { type: 'maxPool2d', ...settings };
}

/**
 * Mean over windows of an image, channel by channel, of the pixels inside it (PyTorch: `count_include_pad=False`). Shapes as for
 * {@link maxPool2d}.
 */
export function averagePool2d(settings: Pool2dSettings = {}): Pool2dConfig {
  return { type: 'averagePool2d', ...settings };
}

function poolLayer(type: string, kind: PoolKind): LayerDefinition<Required<Pool2dSettings>> {
  const windowsOf = ({ poolSize, stride, padding }: Required<Pool2dSettings>): ImageWindows => {
    const [sizes, strides, zeros] = [bothAxes(poolSize), bothAxes(stride), bothAxes(padding)];
    const along = (axis: 0 | 1) => {
      const [size, before] = [sizes[axis], zeros[axis]];
      if (2 * before > size) {
        throw new Error(
          `${type}: padding must be at most half of poolSize, got ${before} for ${size}: windows beside the image would be empty.`,
        );
      }
      return { size, stride: strides[axis], dilation: 1, before, after: before };
    };
    return [along(0), along(1)];
  };
  return {
    settings: {
      poolSize: perAxis({ min: 1, max: 4096, default: 2 }),
      stride: perAxis({ min: 1, max: 4096, default: (given: Pool2dSettings) => given.poolSize ?? 2 }),
      padding: perAxis({ min: 0, max: 2048, default: 0 }),
    },
    outputShape: (settings, input) =>
      windowedImage(type, input, windowsOf(settings), imageShape(type, input).channels),
    apply({ settings, x, mask }) {
      refuseMask(type, mask, 'Leave the mask out.');
      const [down, across] = windowsOf(settings);
      const pad = (image: Tensor, value: number) =>
        tf.pad(
          image,
          [
            [0, 0],
            [down.before, down.after],
            [across.before, across.after],
            [0, 0],
          ],
          value,
        );
      const pool = (image: Tensor) => {
        const [size, strides] = [[down.size, across.size] as const, [down.stride, across.stride] as const];
        const run = kind === 'max' ? tf.maxPool : tf.avgPool;
        return run(image as Tensor4D, [...size], [...strides], 'valid');
      };
      if (down.before + across.before === 0) return { x: pool(x) };
      // Padding by hand, because not every backend pools with any.
      if (kind === 'max') return { x: pool(pad(x, Number.NEGATIVE_INFINITY)) };
      const inside = pool(pad(tf.ones([1, x.shape[1]!, x.shape[2]!, 1]), 0));
      return { x: tf.div(pool(pad(x, 0)), inside) };
    },
    plan({ settings, plan, input }) {
      if (input.mask) return `${type} cannot honour a mask`;
      const [height, width, channels] = input.shape as readonly [number, number, number];
      const [down, across] = windowsOf(settings);
      const [rows, columns] = windowedImage(type, input.shape, [down, across], channels);
      return planPool(plan, kind, input, [rows, columns, channels], {
        input: [height, width, channels],
        output: [rows, columns],
        window: [down.size, across.size],
        strides: [down.stride, across.stride],
        before: [down.before, across.before],
      });
    },
  };
}

/** Definition of {@link maxPool2d}. */
export const maxPool2dLayer = poolLayer('maxPool2d', 'max');

/** Definition of {@link averagePool2d}. */
export const averagePool2dLayer = poolLayer('averagePool2d', 'average');
