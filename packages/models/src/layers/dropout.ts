import * as tf from '@tensorflow/tfjs-core';
import { createRandom, deriveSeed } from '@tidecast/data';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { finiteNumber } from '../settings.ts';

/** Settings of {@link dropout}. */
export interface DropoutSettings {
  /** Share of values set to 0, from 0 to below 1. */
  rate: number;
}

/** A dropout layer as data. */
export interface DropoutConfig extends DropoutSettings, LayerConfig {
  type: 'dropout';
}

/**
 * While training, sets each value to 0 with probability `rate` and divides the others by `1 − rate`;
 * otherwise hands x on (Srivastava et al. 2014, in the inverted form). The seed of the run decides which.
 */
export function dropout(settings: DropoutSettings): DropoutConfig {
  return { type: 'dropout', ...settings };
}

/** Definition of {@link dropout}. */
export const dropoutLayer: LayerDefinition<Required<DropoutSettings>> = {
  settings: {
    rate: {
      ...finiteNumber('a number from 0 to below 1', (rate) => rate >= 0 && rate < 1),
      trainingOnly: true,
    },
  },
  outputShape: (_settings, input) => input,
  apply({ settings: { rate }, x, mask, training, seed }) {
    const pass = mask ? { mask } : {};
    if (!training || rate === 0) return { x, ...pass };
    if (seed === undefined) {
      throw new Error('dropout: training needs a seed, got none. Pass apply(x, { training: true, seed }).');
    }
    const random = createRandom(seed, 'dropout');
    const kept = 1 / (1 - rate);
    const factors = Float32Array.from({ length: x.size }, () => (random.uniform() < rate ? 0 : kept));
    return { x: tf.mul(x, tf.tensor(factors, x.shape)), ...pass };
  },
  plan({ settings: { rate }, plan, input, position }) {
    const { value, gradient } = input;
    if (!plan.training || rate === 0) return input;
    const output = plan.signal(input.shape, input.mask);
    const perExample = input.shape.reduce((product, size) => product * size, 1);
    const factors = plan.block(value.length);
    plan.forward(({ batch, seed }) => {
      const random = createRandom(deriveSeed(seed, position), 'dropout');
      const kept = 1 / (1 - rate);
      const count = batch * perExample;
      const [x, y, f] = [plan.view(value, count), plan.view(output.value, count), plan.view(factors, count)];
      for (let i = 0; i < count; i++) {
        f[i] = random.uniform() < rate ? 0 : kept;
        y[i] = x[i]! * f[i]!;
      }
    });
    if (gradient) {
      plan.backward(({ batch }) => {
        const count = batch * perExample;
        const dx = plan.view(gradient, count);
        const [dy, f] = [plan.view(output.gradient!, count), plan.view(factors, count)];
        for (let i = 0; i < count; i++) dx[i] = dy[i]! * f[i]!;
      });
    }
    return output;
  },
};
