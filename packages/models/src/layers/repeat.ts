import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { wholeNumber } from '../settings.ts';
import { formatShape } from '../shape.ts';
import { refuseMask } from './masks.ts';

/** Settings of {@link repeat}. */
export interface RepeatSettings {
  /** How many steps T to make. */
  steps: number;
}

/** A repeating layer as data. */
export interface RepeatConfig extends RepeatSettings, LayerConfig {
  type: 'repeat';
}

/** Gives the same values to every step of a sequence, `[B, F]` to `[B, T, F]`: the input of a recurrent decoder. */
export function repeat(settings: RepeatSettings): RepeatConfig {
  return { type: 'repeat', ...settings };
}

/** Definition of {@link repeat}. */
export const repeatLayer: LayerDefinition<Required<RepeatSettings>> = {
  settings: { steps: wholeNumber({ min: 1, max: 65_536 }) },
  outputShape({ steps }, input) {
    if (input.length === 1) return [steps, input[0]!];
    throw new Error(
      `repeat: needs flat inputs [B, F], got ${formatShape(input)}. ` +
        'Use flatten, globalPool1d or a recurrent layer without returnSequences before it.',
    );
  },
  apply({ settings: { steps }, x, mask }) {
    refuseMask('repeat', mask, 'Leave the mask out.');
    return { x: tf.tile(tf.expandDims(x, 1), [1, steps, 1]) };
  },
  plan({ settings: { steps }, plan, input }) {
    if (input.mask) return 'repeat cannot honour a mask';
    const width = input.shape[0]!;
    const output = plan.signal([steps, width]);
    plan.forward(({ batch }) => {
      const [x, y] = [plan.view(input.value), plan.view(output.value)];
      for (let b = 0; b < batch; b++) {
        const row = x.subarray(b * width, (b + 1) * width);
        for (let t = 0; t < steps; t++) y.set(row, (b * steps + t) * width);
      }
    });
    const { gradient } = input;
    if (gradient) {
      plan.backward(({ batch }) => {
        const [dx, dy] = [plan.view(gradient, batch * width), plan.view(output.gradient!)];
        dx.fill(0);
        for (let i = 0; i < batch * steps; i++) {
          const to = Math.floor(i / steps) * width;
          for (let f = 0; f < width; f++) dx[to + f]! += dy[i * width + f]!;
        }
      });
    }
    return output;
  },
};
