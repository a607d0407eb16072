// A small member of an ensemble as a job, for this thread and for workers.

import { useBackend } from '@tidecast/backend';
import {
  createRandom,
  createSeries,
  HOUR,
  type Series,
  splitByTime,
  subset,
  timeAt,
  windows,
} from '@tidecast/data';
import { createModel, dense, lstm, network, reshape, saveModel } from '@tidecast/models';
import {
  adam,
  bootstrap,
  fitForecaster,
  type JobContext,
  type MemberInput,
  mse,
  saveForecaster,
} from '../../src/index.ts';

export interface MemberData {
  series: Series;
  backend: 'wasm' | 'native';
  bagging?: boolean;
  /** Members that throw. */
  failing?: number[];
}

const HORIZON = 3;
export const spec = { steps: 8, horizon: HORIZON, inputs: ['tide'], targets: ['tide'] };

/** A daily tide with noise. */
export function makeSeries(noise = 0.2): Series {
  const random = createRandom(1, 'tide');
  const values = new Float32Array(new SharedArrayBuffer(4 * 360));
  for (let t = 0; t < values.length; t++) values[t] = 3 + Math.sin(t / 4) + noise * random.normal();
  return createSeries({
    start: 0,
    step: HOUR,
    shape: [1],
    channels: [{ name: 'tide', unit: 'm' }],
    values,
  });
}

/** The windows that members learn from, and those after them. */
export function splitOf(series: Series) {
  return splitByTime(windows(series, spec), {
    validationFrom: timeAt(series, 240),
    testFrom: timeAt(series, 240),
  });
}

export async function trainMember(
  { member, seed, data }: MemberInput<MemberData>,
  { signal, report }: JobContext<number>,
): Promise<Uint8Array> {
  await useBackend(data.backend);
  if (data.failing?.includes(member)) throw new RangeError(`member ${member} has no memory`);
  const { train } = splitOf(data.series);
  const samples = data.bagging ? subset(train, bootstrap(train.count, { seed }).drawn) : train;
  const layers = [lstm({ units: 5 }), dense({ units: HORIZON }), reshape({ shape: [HORIZON, 1] })];
  const model = createModel(network({ input: [8, 1], layers }), { seed });
  try {
    const { forecaster } = await fitForecaster(model, samples, {
      name: `member-${member}`,
      loss: mse(),
      optimizer: adam({ learningRate: 0.02 }),
      epochs: 4,
      batchSize: 32,
      seed,
      signal,
      onProgress: (event) => event.kind === 'epoch' && report(event.loss),
    });
    return saveForecaster(forecaster, saveModel);
  } finally {
    model.dispose();
  }
}
