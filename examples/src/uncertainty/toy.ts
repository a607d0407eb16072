// What the examples of uncertainty share: one input, one target, noise that is known, and networks with heads on both.

import { fitSampleScalers, type NdArray, type Samples, scaleSamples } from '@tidecast/data';
import { type Distributions, point } from '@tidecast/eval';
import {
  createModel,
  dense,
  dropout,
  type LayerConfig,
  type Model,
  network,
  reshape,
} from '@tidecast/models';
import { adam, fit, type Loss, mcDropout, predict } from '@tidecast/train';

/** Points of one input and one target each. */
export interface Points {
  x: Float32Array;
  y: Float32Array;
}

/** A network on the points, in their unit. */
export interface Trained {
  /** What it says at each x. */
  at(x: Float32Array): Promise<Distributions>;
  /** What passes with dropout say at each x. */
  passesAt(x: Float32Array, options: { passes: number; seed: number }): Promise<readonly Distributions[]>;
  dispose(): void;
}

/** How a network is trained. */
export interface Training {
  loss: Loss;
  /** Dropout after each hidden layer; default none. */
  rate?: number;
  train: Points;
  epochs: number;
  seed: number;
  signal: AbortSignal;
}

const UNITS = 64;

/** Two hidden layers of 64 under a head, trained by Adam under a cosine schedule. */
export async function trainToy({ loss, rate = 0, train, epochs, seed, signal }: Training): Promise<Trained> {
  const parameters = loss.head?.parameters;
  const hidden: LayerConfig[] = [
    dense({ units: UNITS, activation: 'relu' }),
    ...(rate > 0 ? [dropout({ rate })] : []),
  ];
  const shape = parameters === undefined ? [1] : [1, parameters];
  const layers = [...hidden, ...hidden, dense({ units: parameters ?? 1 }), reshape({ shape })];
  const model: Model = createModel(network({ input: [1], layers }), { seed });
  const scalers = fitSampleScalers('standard', samplesOf(train));
  await fit(model, scaleSamples(samplesOf(train), scalers), {
    loss,
    optimizer: adam({ learningRate: 0.003 }),
    schedule: { type: 'cosine' },
    epochs,
    batchSize: 64,
    seed,
    signal,
  });
  const scaled = (x: Float32Array) => scaleSamples(samplesOf({ x, y: x }), scalers);
  const inUnit = (said: Distributions) =>
    said.affine(
      new Float64Array(said.count).fill(scalers.y.scale[0]!),
      new Float64Array(said.count).fill(scalers.y.offset[0]!),
    );
  return {
    async at(x) {
      const output = await predict(model, scaled(x));
      return inUnit(loss.head ? loss.head.distributions(output) : point(output.data));
    },
    async passesAt(x, options) {
      const { members } = await mcDropout(model, scaled(x), { ...options, loss });
      return members.map(inUnit);
    },
    dispose: () => model.dispose(),
  };
}

function samplesOf({ x, y }: Points): Samples {
  const rows = (values: Float32Array, indices: ArrayLike<number>): NdArray => ({
    data: Float32Array.from(indices, (index) => values[index]!),
    shape: [indices.length, 1],
  });
  return {
    count: x.length,
    xShape: [1],
    yShape: [1],
    batch: (indices) => ({ x: rows(x, indices), y: rows(y, indices) }),
  };
}

/** Share of observations within the central band of distributions that holds `share` of them. */
export function coverage(said: Distributions, y: ArrayLike<number>, share: number): number {
  const low = said.quantile((1 - share) / 2);
  const high = said.quantile((1 + share) / 2);
  let inside = 0;
  for (let i = 0; i < low.length; i++) inside += Number(y[i]! >= low[i]! && y[i]! <= high[i]!);
  return inside / low.length;
}

/** Mean of numbers. */
export function meanOf(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

/** Numbers from `from` to `to`, both included. */
export function grid(from: number, to: number, count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}
