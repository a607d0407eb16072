// What each input contributed to an output, by the slopes on the way from a baseline to it. Any model of tfjs operations,
// on any backend: it only takes `apply`.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber } from '../check.ts';
import { createBreather } from '../fit/event-loop.ts';
import { toTensor } from '../fit/gradients.ts';
import { chosenOutput, type OutputChoice } from './chosen-output.ts';
import { gaussLegendre } from './gauss-legendre.ts';
import { fillRows, rowSize } from './rows.ts';

/** How to attribute. */
export interface IntegratedGradientsOptions {
  /** Which output; needed where an example has several. */
  output?: OutputChoice;
  /**
   * x′, an input that says nothing: one value for all, one for each channel (the last axis), one input `[...]`, or as many
   * as x. Default 0, the mean of inputs under a standard scaler.
   */
  baseline?: number | readonly number[] | NdArray;
  /** Places on the way at which slopes are taken; default 32. */
  steps?: number;
  /** `[B, T]` of x: 1 where a step is real. Masked steps get 0. */
  mask?: NdArray;
  /** Inputs to run at once; default 256. */
  batchSize?: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/** What each input contributed. */
export interface Attributions extends NdArray {
  /** f(x) of each example. */
  output: Float32Array;
  /** f(x′) of each example: what all contributions of the example add to. */
  baseline: Float32Array;
  /** |Σ contributions − (f(x) − f(x′))| of each example: what `steps` leave over. */
  gap: Float64Array;
}

/**
 * Integrated gradients, (x − x′) ⊙ ∫₀¹ ∇f(x′ + α(x − x′)) dα, shaped like `x [B, ...]` (Sundararajan, Taly and Yan 2017,
 * ICML). The integral is a Gauss–Legendre sum: for smooth networks 32 steps leave little but rounding, kinks (`relu`, max
 * pooling) leave more. By completeness the contributions of an example sum to f(x) − f(x′); `gap` says how nearly.
 * @throws if shapes do not fit, or the choice of the output does not.
 */
export async function integratedGradients(
  model: Model,
  x: NdArray,
  options: IntegratedGradientsOptions = {},
): Promise<Attributions> {
  const { output, steps = 32, mask, batchSize = 256, signal } = options;
  checkNumber('integratedGradients: steps', steps, { min: 1, integer: true });
  checkNumber('integratedGradients: batchSize', batchSize, { min: 1, integer: true });
  const size = rowSize('integratedGradients', x, mask);
  const B = x.shape[0]!;
  const base = fillRows('integratedGradients: baseline', x, options.baseline ?? 0);
  const { nodes, weights } = gaussLegendre(steps);
  const breathe = createBreather();
  const slopes = new Float64Array(x.data.length);
  // First both ends, without the tape: an error of the model or the choice leaves nothing behind.
  const ends = {
    output: await outputsAt(model, x, options),
    baseline: await outputsAt(model, { data: base, shape: x.shape }, options),
  };
  // Then every step of every example, as rows of one long list.
  const at = (row: number) => ({ example: Math.floor(row / steps), step: row % steps });
  for (let from = 0; from < B * steps; from += batchSize) {
    signal?.throwIfAborted();
    const count = Math.min(batchSize, B * steps - from);
    const rows = new Float32Array(count * size);
    const real = mask && new Float32Array(count * mask.shape[1]!);
    for (let i = 0; i < count; i++) {
      const { example, step } = at(from + i);
      for (let j = 0; j < size; j++) {
        const origin = base[example * size + j]!;
        rows[i * size + j] = origin + nodes[step]! * (x.data[example * size + j]! - origin);
      }
      if (mask && real) {
        const T = mask.shape[1]!;
        real.set(mask.data.subarray(example * T, (example + 1) * T), i * T);
      }
    }
    const gradient = slopesAt(() => {
      const realSteps = real && tf.tensor(real, [count, mask!.shape[1]!]);
      const f = (inputs: tf.Tensor) =>
        tf.sum(chosenOutput('integratedGradients', model.apply(inputs, { mask: realSteps }), output));
      return tf.grad(f)(toTensor({ data: rows, shape: [count, ...x.shape.slice(1)] }));
    });
    try {
      const values = await gradient.data();
      for (let i = 0; i < count; i++) {
        const { example, step } = at(from + i);
        for (let j = 0; j < size; j++) slopes[example * size + j]! += weights[step]! * values[i * size + j]!;
      }
    } finally {
      gradient.dispose();
    }
    await breathe();
  }
  const contributions = slopes.map((slope, i) => slope * (x.data[i]! - base[i]!));
  const gap = Float64Array.from({ length: B }, (_, b) => {
    const sum = contributions.subarray(b * size, (b + 1) * size).reduce((all, each) => all + each, 0);
    return Math.abs(sum - (ends.output[b]! - ends.baseline[b]!));
  });
  return { data: Float32Array.from(contributions), shape: [...x.shape], ...ends, gap };
}

/** The slopes between both ends, where the model had no objection to the ends themselves. */
function slopesAt(compute: () => tf.Tensor): tf.Tensor {
  try {
    return tf.tidy(compute);
  } catch (error) {
    throw new Error(
      `integratedGradients: the model has no slopes between the baseline and x: ${(error as Error).message} ` +
        'Between codes, the inputs of an embedding, there is nothing: take occlusion.',
      { cause: error },
    );
  }
}

/** The chosen output of each row of `x`. */
async function outputsAt(
  model: Model,
  { data, shape: [B = 0, ...shape] }: NdArray,
  { output, mask, batchSize = 256, signal }: IntegratedGradientsOptions,
): Promise<Float32Array> {
  const size = data.length / B;
  const T = mask?.shape[1] ?? 0;
  const result = new Float32Array(B);
  for (let from = 0; from < B; from += batchSize) {
    signal?.throwIfAborted();
    const to = Math.min(B, from + batchSize);
    const values = tf.tidy(() => {
      const inputs = toTensor({ data: data.subarray(from * size, to * size), shape: [to - from, ...shape] });
      const real = mask && toTensor({ data: mask.data.subarray(from * T, to * T), shape: [to - from, T] });
      return chosenOutput('integratedGradients', model.apply(inputs, { mask: real }), output);
    });
    try {
      result.set((await values.data()) as Float32Array, from);
    } finally {
      values.dispose();
    }
  }
  return result;
}
