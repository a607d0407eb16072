import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { wholeNumber } from '../settings.ts';
import { sequenceShape } from '../shape.ts';
import { requireAligned } from './masks.ts';
import { type PoolKind, planPool } from './planned-pool.ts';
import { taps, type Window, wholeWindows, windowCount, windowedShape } from './taps.ts';

/** Settings of {@link maxPool1d} and {@link averagePool1d}. */
export interface Pool1dSettings {
  /** Steps in a window; default 2. */
  poolSize?: number;
  /** Steps between windows; default `poolSize`. */
  stride?: number;
}

/** A pooling layer as data. */
export interface Pool1dConfig extends Pool1dSettings, LayerConfig {
  type: 'maxPool1d' | 'averagePool1d';
}

/**
 * Maximum over windows of time, channel by channel: `[B, T, C]` to `[B, ⌊(T − poolSize)/stride⌋ + 1, C]`.
 * Of equal values the first takes the gradient.
 * Masks: a window that touches a masked step is masked, so the rest is what the unpadded sequence gives.
 */
export function maxPool1d(settings: Pool1dSettings = {}): Pool1dConfig {
  return { type: 'maxPool1d', ...settings };
}

/** Mean over windows of time, channel by channel. Shapes and masks as for {@link maxPool1d}. */
export function averagePool1d(settings: Pool1dSettings = {}): Pool1dConfig {
  return { type: 'averagePool1d', ...settings };
}

function poolLayer(
  type: string,
  kind: PoolKind,
  reduce: (seen: Tensor[]) => Tensor,
): LayerDefinition<Required<Pool1dSettings>> {
  const windowOf = ({ poolSize, stride }: Required<Pool1dSettings>): Window => ({
    size: poolSize,
    dilation: 1,
    stride,
    before: 0,
    after: 0,
  });
  return {
    settings: {
      poolSize: wholeNumber({ min: 1, max: 4096, default: 2 }),
      stride: wholeNumber({ min: 1, max: 4096, default: (given: Pool1dSettings) => given.poolSize ?? 2 }),
    },
    outputShape(settings, input) {
      const { steps, channels } = sequenceShape(type, input);
      return windowedShape(type, steps, windowOf(settings), channels);
    },
    apply({ settings, x, mask }) {
      requireAligned(type, mask, settings.stride);
      const window = windowOf(settings);
      const pooled = reduce(taps(type, x, window));
      return mask ? { x: pooled, mask: wholeWindows(type, mask, window) } : { x: pooled };
    },
    plan: ({ settings, plan, input }) => {
      if (input.mask) return `${type} has no planned form for masked inputs`;
      const [steps, channels] = input.shape as [number, number];
      const { poolSize, stride } = settings;
      const count = windowCount(type, steps, windowOf(settings));
      return planPool(plan, kind, input, [count, channels], {
        input: [1, steps, channels],
        output: [1, count],
        window: [1, poolSize],
        strides: [1, stride],
        before: [0, 0],
      });
    },
  };
}

/** Definition of {@link maxPool1d}. Pairwise maxima, because tf.max gives every equal value the whole gradient. */
export const maxPool1dLayer = poolLayer('maxPool1d', 'max', (seen) =>
  seen.reduce((a, b) => tf.maximum(a, b)),
);

/** Definition of {@link averagePool1d}. */
export const averagePool1dLayer = poolLayer('averagePool1d', 'average', (seen) =>
  tf.div(
    seen.reduce((a, b) => tf.add(a, b)),
    seen.length,
  ),
);
