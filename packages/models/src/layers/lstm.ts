import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import { finiteNumber } from '../settings.ts';
import { perGate, product, type RecurrentSettings, recurrentLayer } from './recurrent.ts';

/** Settings of {@link lstm}. */
export interface LstmSettings extends RecurrentSettings {
  /** Start of the forget gate's bias, in place of `biasInit`; default 1 (Jozefowicz, Zaremba, Sutskever 2015). */
  forgetBias?: number;
}

/** An LSTM layer as data. */
export interface LstmConfig extends LstmSettings, LayerConfig {
  type: 'lstm';
}

/**
 * Long short-term memory (Hochreiter, Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000):
 * `[i f g o] = x·W + h·U + b`, `c′ = σ(f)∘c + σ(i)∘tanh(g)`, `h′ = σ(o)∘tanh(c′)`, from h = c = 0.
 * Weights, gates in the order i, f, g, o: `kernel [C, 4H]`, `recurrent [H, 4H]`, `bias [4H]`.
 * Result `[B, H]`, or `[B, T, H]` with `returnSequences`.
 */
export function lstm(settings: LstmSettings): LstmConfig {
  return { type: 'lstm', ...settings };
}

/** Definition of {@link lstm}. */
export const lstmLayer = recurrentLayer<LstmSettings>(
  {
    type: 'lstm',
    states: 2,
    weights: ({ units, kernelInit, recurrentInit, biasInit, forgetBias }, channels) => [
      { name: 'kernel', shape: [channels, 4 * units], init: perGate(kernelInit, 4) },
      { name: 'recurrent', shape: [units, 4 * units], init: perGate(recurrentInit, 4) },
      {
        name: 'bias',
        shape: [4 * units],
        init: [biasInit, { type: 'constant', value: forgetBias }, biasInit, biasInit],
      },
    ],
    inputBias: (weights) => weights.bias!,
    step: (_settings, weights) => (projected, states) => {
      const [h, c] = states as [tf.Tensor, tf.Tensor];
      const gates = tf.add(projected, product(h, weights.recurrent!));
      const [i, f, g, o] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const cell = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
      return [tf.mul(tf.sigmoid(o), tf.tanh(cell)), cell];
    },
  },
  { forgetBias: { ...finiteNumber('a finite number', () => true, 1), trainingOnly: true } },
);
