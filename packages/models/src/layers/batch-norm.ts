import * as tf from '@tensorflow/tfjs-core';
import type { Block } from '@tidecast/backend';
import { type Activation, activate, activationSetting } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition, PlannedStatistic } from '../layer-definition.ts';
import { finiteNumber } from '../settings.ts';
import { refuseMask } from './masks.ts';
import { planActivation, sumsFor } from './planned-activation.ts';

/** Settings of {@link batchNorm}. */
export interface BatchNormSettings {
  /** How much of the running mean and variance a batch replaces, 0 to 1; default 0.1. (Keras counts what stays, 0.9.) */
  momentum?: number;
  /** Added to the variance; default 1e-5. */
  epsilon?: number;
  /** Default `linear`. */
  activation?: Activation;
}

/** Batch normalisation as data. */
export interface BatchNormConfig extends BatchNormSettings, LayerConfig {
  type: 'batchNorm';
}

/**
 * Batch normalisation of every channel, the last axis: `y = φ(γ·(x − μ)/√(σ² + ε) + β)` (Ioffe and Szegedy 2015,
 * arXiv:1502.03167). While training μ and σ² are those of the batch (σ² biased), and move the running ones,
 * `running ← (1 − momentum)·running + momentum·batch`, with the unbiased variance, as in PyTorch; else, and where the layer is
 * frozen, they are the running ones.
 * Weights: `gamma [C]`, `beta [C]`. Statistics: `mean [C]`, `variance [C]`.
 */
export function batchNorm(settings: BatchNormSettings = {}): BatchNormConfig {
  return { type: 'batchNorm', ...settings };
}

/** Definition of {@link batchNorm}. */
export const batchNormLayer: LayerDefinition<Required<BatchNormSettings>> = {
  settings: {
    momentum: {
      ...finiteNumber('a number above 0 and up to 1', (value) => value > 0 && value <= 1, 0.1),
      trainingOnly: true,
    },
    epsilon: finiteNumber('a number above 0', (value) => value > 0, 1e-5),
    activation: activationSetting('linear'),
  },
  outputShape: (_settings, input) => input,
  weights: (_settings, input) => [
    { name: 'gamma', shape: [input.at(-1)!], init: 'ones' },
    { name: 'beta', shape: [input.at(-1)!], init: 'zeros' },
  ],
  statistics: (_settings, input) => [
    { name: 'mean', shape: [input.at(-1)!], start: 0 },
    { name: 'variance', shape: [input.at(-1)!], start: 1 },
  ],
  apply({ settings: { momentum, epsilon, activation }, weights: { gamma, beta }, statistics, x, mask }) {
    refuseMask('batchNorm', mask, 'Leave the mask out, or use layerNorm in recurrent layers.');
    const { mean: runningMean, variance: runningVariance } = statistics!;
    let [mean, variance] = [runningMean!.value, runningVariance!.value];
    if (runningMean!.move && runningVariance!.move) {
      const rows = x.size / mean.size;
      checkRows(rows);
      const moments = tf.moments(tf.reshape(x, [rows, mean.size]), 0);
      const moved = (running: tf.Tensor, batch: tf.Tensor) =>
        tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum));
      runningMean!.move(moved(mean, moments.mean));
      runningVariance!.move(moved(variance, tf.mul(moments.variance, rows / (rows - 1))));
      mean = moments.mean;
      variance = moments.variance;
    }
    const scale = tf.div(gamma!, tf.sqrt(tf.add(variance, epsilon)));
    return { x: activate(activation, tf.add(tf.mul(tf.sub(x, mean), scale), beta!)) };
  },
  plan({ settings: { momentum, epsilon, activation }, weights: { gamma, beta }, statistics, plan, input }) {
    if (input.mask) return 'batchNorm cannot honour a mask';
    const { kernels } = plan;
    const { value: x, gradient: dx, shape } = input;
    const channels = shape.at(-1)!;
    const perExample = shape.reduce((product, size) => product * size, 1) / channels;
    const { mean: runningMean, variance: runningVariance } = statistics!;
    const moving = runningMean!.next !== undefined && runningVariance!.next !== undefined;
    const mean = moving ? plan.block(channels) : runningMean!.value;
    const variance = moving ? plan.block(channels) : runningVariance!.value;
    const output = plan.signal(shape);
    const sums = sumsFor(plan, activation, output);
    const scratch = plan.scratch(kernels.batchNormScratch(channels));
    const move = ({ value, next }: PlannedStatistic, batch: Block, factor: number) => {
      const [from, to, measured] = [plan.view(value), plan.view(next!), plan.view(batch)];
      for (let c = 0; c < channels; c++) to[c] = (1 - momentum) * from[c]! + momentum * factor * measured[c]!;
    };
    plan.forward(({ batch }) => {
      const rows = batch * perExample;
      if (moving) {
        checkRows(rows);
        kernels.batchNormMoments(rows, channels, x.address, mean.address, variance.address, scratch.address);
        move(runningMean!, mean, 1);
        move(runningVariance!, variance, rows / (rows - 1));
      }
      kernels.batchNorm(
        rows,
        channels,
        x.address,
        mean.address,
        variance.address,
        gamma!.value.address,
        beta!.value.address,
        epsilon,
        sums.address,
      );
    });
    const dy = output.gradient;
    if (dy) {
      plan.backward(({ batch }) =>
        kernels.batchNormGradient(
          batch * perExample,
          channels,
          x.address,
          dy.address,
          mean.address,
          variance.address,
          gamma!.value.address,
          epsilon,
          moving,
          gamma!.gradient!.address,
          beta!.gradient!.address,
          dx?.address ?? 0,
          scratch.address,
        ),
      );
    }
    planActivation(plan, activation, sums, output);
    return output;
  },
};

/** @throws where a batch holds one value of each channel: its variance is 0, and says nothing. */
function checkRows(rows: number): void {
  if (rows > 1) return;
  throw new Error(
    'batchNorm: training needs more than one value of each channel, got one. Use larger batches, or leave the last one out.',
  );
}
