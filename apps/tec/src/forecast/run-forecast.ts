// The application as one function: files in, trained networks, honest scores and the next 24 hours out.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { useBackend } from '@tidecast/backend';
import {
  asKnownAt,
  DAY,
  endOf,
  type ForecastFunction,
  type Series,
  type WindowSamples,
} from '@tidecast/data';
import {
  type BacktestResult,
  backtest,
  fitRidge,
  hourlyMean,
  persistence,
  recurrence,
  ridgeForecast,
} from '@tidecast/eval';
import { createModel, saveModel, summarize } from '@tidecast/models';
import { adamw, asForecastFunction, fitForecaster, mse, saveForecaster } from '@tidecast/train';
import { fileCheckpoint } from '@tidecast/train/node';
import { type Inputs, readInputs } from '../input/read-inputs.ts';
import { defaultStations, type Station } from '../input/stations.ts';
import { SAMPLE_INDEX, writeSample } from '../sample/write-sample.ts';
import { familyConfig } from './networks.ts';
import {
  type CheckedOptions,
  checkOptions,
  type ForecastCallbacks,
  type ForecastOptions,
} from './options.ts';
import type { ForecastRun, Method, Training } from './result.ts';
import { BETWEEN_ORIGINS, dayKindsOf, scoreRun, testOrigins } from './score-run.ts';
import { REFERENCE, splitStations, stationSeries, windowSpec } from './station-series.ts';

/** Training settings of every network. */
const TRAINING = { batchSize: 128, learningRate: 3e-3, weightDecay: 0.01, clip: 1, patience: 5 };
const RIDGE_LAMBDA = 30;

/** A run and the trained networks, as bytes by model name. */
export interface ForecastOutcome {
  run: ForecastRun;
  forecasters: Record<string, Uint8Array>;
}

/**
 * Reads, trains, scores on the days kept for it, and forecasts from the last map on.
 * @throws one sentence for whatever is wrong with options or files.
 */
export async function runForecast(
  given: ForecastOptions,
  callbacks: ForecastCallbacks = {},
): Promise<ForecastOutcome> {
  const { onStage, signal } = callbacks;
  const synthetic = !given.gim?.length && !given.csv?.length;
  let options = checkOptions(given);
  if (synthetic) options = await withSample(options, callbacks);
  const stations = options.stations ?? defaultStations();
  onStage?.('reading');
  const inputs = await readInputs(options, stations, synthetic, callbacks);
  const { name: backend } = await useBackend(options.backend);

  const series = stations.map((station) => stationSeries(inputs.tec, inputs.kp, station, options));
  const last = endOf(inputs.tec) - inputs.tec.step;
  const days = Math.floor((last - inputs.tec.start) / DAY);
  const testDays = options.testDays ?? Math.max(1, Math.min(14, Math.floor(days / 5)));
  const testFrom = last - testDays * DAY + options.step;
  const spec = windowSpec(options, series[0]!);
  const split = splitStations(series, spec, testFrom);

  const methods: Method[] = [];
  const functions: Record<string, ForecastFunction> = {};
  const add = (method: Method, forecast: ForecastFunction) => {
    methods.push(method);
    functions[method.name] = forecast;
  };
  const training: Training[] = [];
  const forecasters: Record<string, Uint8Array> = {};
  const models = [];
  try {
    for (const name of options.models) {
      onStage?.(`training ${name}`);
      const trained = await trainNetwork(name, split.train, split.validation, options, callbacks);
      models.push(trained.forecaster.model);
      training.push(trained.training);
      forecasters[name] = saveForecaster(trained.forecaster, saveModel);
      add({ name, label: name.toUpperCase(), kind: 'network' }, asForecastFunction(trained.forecaster));
    }
    addBaselines(add, split.train, options);

    onStage?.('scoring');
    const { from, to } = testOrigins(last, testFrom, options.horizon, options.step);
    const backtests = await backtestAll(
      series,
      functions,
      methods,
      { from, to, align: last % DAY },
      options,
      callbacks,
    );
    const scored = methods.filter(({ name }) => backtests[name] !== undefined);
    const origins = backtests[scored[0]!.name]![0]!;
    const kinds = dayKindsOf(origins.firstTimes, options.horizon * options.step, inputs.kp);

    onStage?.('forecasting');
    const forecast: Record<string, Float32Array[]> = {};
    for (const { name } of scored) {
      signal?.throwIfAborted();
      forecast[name] = await Promise.all(
        series.map(async (each) => (await functions[name]!(asKnownAt(each, last), last)).values),
      );
    }
    return {
      forecasters,
      run: {
        created: new Date().toISOString(),
        seed: options.seed,
        backend,
        versions: { node: process.versions.node },
        facts: inputs.facts,
        stations: [...stations],
        steps: options.steps,
        horizon: options.horizon,
        step: options.step,
        reference: REFERENCE,
        parts: partsOf(split, origins),
        dropped: split.dropped,
        methods: scored,
        training,
        dayKinds: kinds,
        scores: scoreRun(scored, backtests, stations, kinds),
        origin: last,
        firstTime: last + options.step,
        forecast,
        recent: recentOf(inputs, stations),
        histogram: histogramOf(inputs.tec),
      },
    };
  } finally {
    for (const model of models) model.dispose();
  }
}

async function withSample(options: CheckedOptions, callbacks: ForecastCallbacks): Promise<CheckedOptions> {
  const { sampleDays: days, seed, horizon } = options;
  const folder = options.sampleFolder ?? join('.tidecast', `sample-${days}d-seed${seed}`);
  const index = join(folder, SAMPLE_INDEX);
  if (!(await stat(index).catch(() => undefined))) {
    callbacks.onStage?.(`making a synthetic sample of ${days} days in ${folder}`);
    await writeSample(folder, {
      days,
      seed,
      signal: callbacks.signal,
      onProgress: (done, total) => callbacks.onProgress?.({ what: 'sample', done, total }),
    });
  }
  return { ...options, horizon, gim: [folder], index };
}

async function trainNetwork(
  name: CheckedOptions['models'][number],
  train: WindowSamples,
  validation: WindowSamples,
  options: CheckedOptions,
  { onTraining, signal }: ForecastCallbacks,
) {
  const config = familyConfig(name, {
    steps: options.steps,
    channels: train.inputChannels.length,
    horizon: options.horizon,
    units: options.units,
  });
  const checkpoint = options.checkpoints
    ? fileCheckpoint(join(options.checkpoints, `${name}.checkpoint`))
    : undefined;
  const started = performance.now();
  const { forecaster, history } = await fitForecaster(createModel(config, { seed: options.seed }), train, {
    name,
    loss: mse(),
    optimizer: adamw({ learningRate: TRAINING.learningRate, weightDecay: TRAINING.weightDecay }),
    clip: { norm: TRAINING.clip },
    batchSize: TRAINING.batchSize,
    epochs: options.epochs,
    validation,
    earlyStopping: { patience: TRAINING.patience },
    seed: options.seed,
    onProgress: (event) => onTraining?.(name, event),
    signal,
    ...(checkpoint && { checkpoint, resume: await checkpoint.read() }),
  });
  const training: Training = {
    model: name,
    parameters: summarize(config).parameters,
    seconds: (performance.now() - started) / 1000,
    bestEpoch: history.bestEpoch ?? history.epochs.length,
    epochs: history.epochs.map(({ epoch, loss, validationLoss }) => ({
      epoch,
      loss,
      validation: validationLoss,
    })),
  };
  return { forecaster, training };
}

function addBaselines(
  add: (method: Method, forecast: ForecastFunction) => void,
  train: WindowSamples,
  { horizon }: CheckedOptions,
): void {
  const base = { targets: ['tec'], horizon };
  const method = (name: string, label: string): Method => ({ name, label, kind: 'baseline' });
  add(method('persistence', 'persistence'), persistence(base));
  add(method('mean27', '27-day mean'), hourlyMean({ ...base, days: 27, minDays: 1 }));
  add(method('recurrence', '27-day recurrence'), recurrence({ ...base, days: 27 }));
  add(method('ridge', 'ridge'), ridgeForecast(fitRidge(train, { lambda: RIDGE_LAMBDA })));
}

/** Backtests by method and station; a method that had to skip an origin that others could forecast is left out. */
async function backtestAll(
  series: readonly Series[],
  functions: Readonly<Record<string, ForecastFunction>>,
  methods: readonly Method[],
  range: { from: number; to: number; align: number },
  { horizon }: CheckedOptions,
  { onProgress, signal }: ForecastCallbacks,
): Promise<Record<string, BacktestResult[]>> {
  const results: Record<string, BacktestResult[]> = {};
  let done = 0;
  for (const { name } of methods) {
    const own: BacktestResult[] = [];
    for (const each of series) {
      own.push(
        await backtest(functions[name]!, each, {
          ...range,
          every: BETWEEN_ORIGINS,
          horizon,
          targets: ['tec'],
          signal,
        }),
      );
      onProgress?.({ what: 'backtests', done: ++done, total: methods.length * series.length });
    }
    if (own.every(({ skipped, origins }) => skipped.length === 0 && origins.length > 0)) results[name] = own;
    else if (name === methods[0]!.name) {
      const reason = own.find(({ skipped }) => skipped.length > 0)?.skipped[0]?.reason ?? 'no day to score';
      throw new Error(`forecast: the test days cannot be scored: ${reason}`);
    }
  }
  return results;
}

function partsOf(
  split: { train: WindowSamples; validation: WindowSamples },
  test: BacktestResult,
): ForecastRun['parts'] {
  const part = (name: 'train' | 'validation', { origins, count }: WindowSamples) => ({
    name,
    first: origins.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    last: origins.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    examples: count,
  });
  return [
    part('train', split.train),
    part('validation', split.validation),
    { name: 'test', first: test.origins[0]!, last: test.origins.at(-1)!, examples: test.origins.length },
  ];
}

/** The last four days of every station. */
function recentOf({ tec }: Inputs, stations: readonly Station[]): ForecastRun['recent'] {
  const C = stations.length;
  const T = tec.values.length / C;
  const first = Math.max(0, T - (4 * DAY) / tec.step - 1);
  const values = stations.map((_, c) =>
    Float32Array.from({ length: T - first }, (_, t) => tec.values[(first + t) * C + c]!),
  );
  return { start: tec.start + first * tec.step, values };
}

function histogramOf(tec: Series): ForecastRun['histogram'] {
  const width = 5;
  const counts: number[] = [];
  for (const value of tec.values) {
    if (Number.isNaN(value)) continue;
    const bin = Math.max(0, Math.floor(value / width));
    while (counts.length <= bin) counts.push(0);
    counts[bin]!++;
  }
  return { width, counts };
}
