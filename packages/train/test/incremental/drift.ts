// A series that drifts, and a small forecaster of it: what the tests of incremental learning share.

import {
  createRandom,
  createSeries,
  DAY,
  HOUR,
  type Series,
  type WindowSamples,
  windows,
} from '@tidecast/data';
import { createModel, dense, flatten, lstm, type Model, network, reshape } from '@tidecast/models';
import { adam, type Forecaster, fitForecaster, type IncrementalOptions, mse } from '../../src/index.ts';

export const START = Date.UTC(2017, 0, 1);
export const STEP = 2 * HOUR;
export const spec = { steps: 12, horizon: 6, inputs: ['tide', 'wind'], targets: ['tide'] };

/** A daily wave with noise, whose height and mean change from day 30 on; and an index known two hours late. */
export function driftingSeries(days = 60, seed = 1): Series {
  const random = createRandom(seed, 'drift');
  const samples = days * 12;
  const values = new Float32Array(samples * 2);
  for (let i = 0; i < samples; i++) {
    const later = Math.max(0, i / 12 - 30) / 10;
    const wave = (1 + later) * Math.sin((2 * Math.PI * i) / 12);
    values[2 * i] = 5 + 2 * later + wave + 0.1 * random.normal();
    values[2 * i + 1] = Math.cos(i / 7);
  }
  return createSeries({
    start: START,
    step: STEP,
    shape: [2],
    channels: [
      { name: 'tide', unit: 'm' },
      { name: 'wind', unit: 'm/s' },
    ],
    values,
  });
}

/** Windows of the days from `from` up to `to`. */
export function daysOf(series: Series, from: number, to: number): WindowSamples {
  const first = from * 12 * 2;
  const values = series.values.subarray(first, to * 12 * 2);
  return windows({ ...series, start: START + from * DAY, values }, spec);
}

/** Dense, unless another body is asked for: quick to train. */
export function smallNetwork(body: 'dense' | 'lstm' = 'dense'): Model {
  const layers = [
    ...(body === 'lstm' ? [lstm({ units: 4 })] : [flatten()]),
    dense({ units: 6 }),
    reshape({ shape: [6, 1] }),
  ];
  return createModel(network({ input: [12, 2], layers }), { seed: 1 });
}

/** A forecaster of the first 30 days. */
export async function trainForecaster(series: Series, model = smallNetwork()): Promise<Forecaster> {
  const { forecaster } = await fitForecaster(model, daysOf(series, 0, 30), {
    ...{ loss: mse(), optimizer: adam({ learningRate: 0.01 }), epochs: 10, batchSize: 32, seed: 1 },
  });
  return forecaster;
}

export const learning: IncrementalOptions = {
  ...{ loss: mse(), optimizer: adam({ learningRate: 0.02 }), epochs: 4, batchSize: 8, seed: 5 },
};
