// Running a trained model: its outputs, or its loss, over any number of examples in pieces that fit in memory.

import * as tf from '@tensorflow/tfjs-core';
import { changeBatch, type NdArray, type SampleSource } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber } from '../check.ts';
import { checkLoss, type Loss } from '../losses/loss.ts';
import { carries, createCarrier } from './carry.ts';
import { checkBatch } from './check-batch.ts';
import { createBreather } from './event-loop.ts';
import { batchWeight, forward, lossOf, toArray, toTensor, withoutMissing } from './gradients.ts';
import { PREFETCH, prefetched } from './prefetched.ts';

/** How many examples to run at once. */
export interface PredictOptions {
  /** Default 256; samples with a `batchSize` of their own are cut into that. */
  batchSize?: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/** What is run where nobody looks at targets. */
type Rows = Pick<SampleSource, 'count' | 'xShape' | 'batchSize' | 'batch'>;

/** All samples in their order, as they are, in pieces. `yShape`: absent where nobody looks at targets. */
function pieces(
  samples: Rows,
  options: { batchSize: number; signal?: AbortSignal; yShape?: readonly number[] },
) {
  const { xShape } = samples;
  const { yShape } = options;
  const { count, batchSize = options.batchSize } = samples;
  const request = (piece: number) => {
    const from = piece * batchSize;
    const indices = Uint32Array.from({ length: Math.min(batchSize, count - from) }, (_, i) => from + i);
    return changeBatch(samples.batch(indices), (batch) =>
      checkBatch(batch, indices.length, { xShape, yShape }),
    );
  };
  const to = Math.ceil(count / batchSize);
  return prefetched(request, { from: 0, to, ahead: PREFETCH, signal: options.signal });
}

/** Rows of `x` as samples without targets. */
function rowsOf({ data, shape }: NdArray): Rows {
  const [count = 0, ...xShape] = shape;
  const size = xShape.reduce((product, each) => product * each, 1);
  if (shape.length < 2 || data.length !== count * size) {
    throw new Error(`predict: x must be [B, ...], got shape [${shape}] with ${data.length} values.`);
  }
  return {
    count,
    xShape,
    batch(indices) {
      const rows = new Float32Array(indices.length * size);
      for (let i = 0; i < indices.length; i++) {
        rows.set(data.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size);
      }
      return {
        x: { data: rows, shape: [indices.length, ...xShape] },
        y: { data: new Float32Array(0), shape: [0] },
      };
    },
  };
}

/**
 * The model's outputs `[B, ...]` for samples, or for inputs `x [B, ...]`, in order and without dropout.
 * @throws if there are none.
 */
export async function predict(
  model: Model,
  samples: SampleSource | NdArray,
  { batchSize = 256, signal }: PredictOptions = {},
): Promise<NdArray> {
  checkNumber('predict: batchSize', batchSize, { min: 1, integer: true });
  const source = 'batch' in samples ? samples : rowsOf(samples);
  if (source.count === 0) throw new Error('predict: expected at least one sample, got none.');
  const breathe = createBreather();
  let carrier: ReturnType<typeof createCarrier> | undefined;
  let result: NdArray | undefined;
  let done = 0;
  for await (const batch of pieces(source, { batchSize, signal })) {
    if (carries(batch)) carrier ??= createCarrier(model);
    const { data, shape } = carries(batch)
      ? await carrier!(batch)
      : (model.infer?.(batch.x, batch.mask) ?? (await applied(model, batch.x, batch.mask)));
    const rows = batch.x.shape[0]!;
    const size = data.length / rows;
    result ??= {
      data: new Float32Array(size * source.count),
      shape: [source.count, ...shape.slice(1)],
    };
    result.data.set(data, done * size);
    done += rows;
    await breathe();
  }
  return result!;
}

/** The outputs by the tape's operations. */
async function applied(model: Model, x: NdArray, mask: NdArray | undefined): Promise<NdArray> {
  const output = tf.tidy(() => model.apply(toTensor(x), { mask: mask && toTensor(mask) }));
  try {
    return await toArray(output);
  } finally {
    output.dispose();
  }
}

/**
 * Weighted mean loss over all samples, Σ w·l / Σ w, without dropout; NaN where all weights are 0.
 * @throws `signal.reason` once aborted.
 */
export async function evaluate(
  model: Model,
  samples: SampleSource,
  { loss, batchSize = 256, signal }: PredictOptions & { loss: Loss },
): Promise<number> {
  checkNumber('evaluate: batchSize', batchSize, { min: 1, integer: true });
  checkLoss('evaluate: loss', loss);
  const breathe = createBreather();
  let carrier: ReturnType<typeof createCarrier> | undefined;
  let sum = 0;
  let total = 0;
  for await (const given of pieces(samples, { batchSize, signal, yShape: samples.yShape })) {
    const batch = withoutMissing(given);
    const weight = batchWeight(batch, loss);
    if (carries(batch)) carrier ??= createCarrier(model);
    else if (weight === 0) continue;
    const output = carries(batch) ? await carrier!(batch) : model.infer?.(batch.x, batch.mask);
    if (weight === 0) continue;
    const value = tf.tidy(() => {
      const made = output ? toTensor(output) : forward(model, batch, { training: false }).output;
      return lossOf(loss, made, batch);
    });
    try {
      sum += weight * (await value.data())[0]!;
    } finally {
      value.dispose();
    }
    total += weight;
    await breathe();
  }
  return sum / total;
}
