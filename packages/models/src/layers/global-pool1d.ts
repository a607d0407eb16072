import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { oneOf } from '../settings.ts';
import { sequenceShape } from '../shape.ts';
import { zeroMasked } from './masks.ts';
import { planPool } from './planned-pool.ts';
import { stepsOf } from './taps.ts';

/** Settings of {@link globalPool1d}. */
export interface GlobalPool1dSettings {
  /** Default `average`. `last` takes the last real step, as a causal network wants. */
  mode?: 'average' | 'max' | 'last';
}

/** A pooling over all time as data. */
export interface GlobalPool1dConfig extends GlobalPool1dSettings, LayerConfig {
  type: 'globalPool1d';
}

/**
 * Mean, maximum or last value over all real steps: `[B, T, C]` to `[B, C]`.
 * An example without any real step gives 0.
 */
export function globalPool1d(settings: GlobalPool1dSettings = {}): GlobalPool1dConfig {
  return { type: 'globalPool1d', ...settings };
}

const LOWEST = -3.4e38;

const modes: Readonly<Record<string, (x: Tensor, mask: Tensor) => Tensor>> = {
  average: (x, mask) => {
    const count = tf.maximum(tf.sum(mask, 1, true), 1);
    return tf.div(tf.sum(zeroMasked(x, mask), 1), count);
  },
  max: (x, mask) => {
    const real = tf.expandDims(mask, 2);
    // Masked steps drop below every real value; examples without a real step come back up to 0.
    const lowered = tf.add(zeroMasked(x, mask), tf.mul(tf.sub(1, real), LOWEST));
    const highest = stepsOf(lowered, 1).reduce((a, b) => tf.maximum(a, b));
    const any = tf.mul(tf.max(mask, 1, true), tf.ones([1, x.shape[2]!]));
    return tf.where(tf.greater(any, 0.5), highest, tf.zerosLike(highest));
  },
  last: (x, mask) => {
    const later = tf.cumsum(mask, 1, true, true);
    const isLast = tf.mul(mask, tf.cast(tf.less(later, 0.5), 'float32'));
    return tf.sum(tf.mul(zeroMasked(x, mask), tf.expandDims(isLast, 2)), 1);
  },
};

/** Definition of {@link globalPool1d}. */
export const globalPool1dLayer: LayerDefinition<Required<GlobalPool1dSettings>> = {
  settings: { mode: oneOf(Object.keys(modes), 'average') },
  outputShape: (_settings, input) => [sequenceShape('globalPool1d', input).channels],
  apply({ settings, x, mask }) {
    const real = mask ?? tf.ones([x.shape[0]!, x.shape[1]!]);
    return { x: modes[settings.mode]!(x, real) };
  },
  plan({ settings: { mode }, plan, input }) {
    if (input.mask) return 'globalPool1d has no planned form for masked inputs';
    const [steps, channels] = input.shape as [number, number];
    if (mode !== 'last') {
      const window = { window: [1, steps], strides: [1, steps], before: [0, 0] } as const;
      const geometry = { input: [1, steps, channels], output: [1, 1], ...window } as const;
      return planPool(plan, mode === 'max' ? 'max' : 'average', input, [channels], geometry);
    }
    const output = plan.signal([channels]);
    const { value, gradient } = input;
    plan.forward(({ batch }) => {
      const [x, y] = [plan.view(value), plan.view(output.value)];
      for (let b = 0; b < batch; b++) {
        const from = ((b + 1) * steps - 1) * channels;
        y.set(x.subarray(from, from + channels), b * channels);
      }
    });
    if (gradient) {
      plan.backward(({ batch }) => {
        const [dx, dy] = [plan.view(gradient, batch * steps * channels), plan.view(output.gradient!)];
        dx.fill(0);
        for (let b = 0; b < batch; b++) {
          dx.set(dy.subarray(b * channels, (b + 1) * channels), ((b + 1) * steps - 1) * channels);
        }
      });
    }
    return output;
  },
};
