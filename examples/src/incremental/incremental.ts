// A forecaster that goes on learning while its world changes: frozen, updated daily, with and without memory, and with a
// day of broken data in between.

import { createSeries, DAY, type Series, sliceSeries, windows } from '@tidecast/data';
import { type BacktestResult, backtest, scoreForecasts } from '@tidecast/eval';
import { createModel, dense, flatten, loadModel, network, reshape, saveModel } from '@tidecast/models';
import {
  adam,
  asForecastFunction,
  createIncrementalLearner,
  type Forecaster,
  fitForecaster,
  type IncrementalOptions,
  loadForecaster,
  mse,
  type PrequentialResult,
  prequential,
  prequentialChart,
  saveForecaster,
  sgd,
} from '@tidecast/train';
import type { Claim, Example } from '../example.ts';
import { DAY_STEPS, driftingLevel, NOISE } from './drifting-level.ts';

/** Days: training, of which the last are held out for the guard; then the turn; then as it is. */
interface Calendar {
  train: number;
  holdOut: number;
  turned: number;
  end: number;
  /** The day of broken data. */
  broken: number;
}
const FULL: Calendar = { train: 120, holdOut: 15, turned: 200, end: 260, broken: 130 };
const QUICK: Calendar = { train: 12, holdOut: 3, turned: 18, end: 24, broken: 15 };
const SPEC = { steps: DAY_STEPS, horizon: DAY_STEPS, inputs: ['level', 'wind'], targets: ['level'] };
/** The loss on the hold-out may rise by half in one update: the world does change, and the hold-out does not. */
const TOLERANCE = 0.5;

interface Run {
  seed: number;
  frozen: BacktestResult;
  updated: PrequentialResult;
  remembering: PrequentialResult;
  guarded: PrequentialResult;
  unguarded: PrequentialResult;
  /** RMSE on the days before the turn, after all updates. */
  oldWorld: { frozen: number; updated: number; remembering: number };
}

const rmse = (result: BacktestResult, where?: (time: number, origin: number) => boolean) =>
  scoreForecasts(result, where && { where })[0]!.pooled.rmse;

/** The same series with one day in centimetres. */
function brokenOn(series: Series, day: number): Series {
  const values = series.values.map((value, i) => {
    const at = Math.floor(i / (2 * DAY_STEPS));
    return at === day && i % 2 === 0 ? 100 * value : value;
  });
  return createSeries({ ...series, values });
}

async function runSeed(seed: number, calendar: Calendar, epochs: number, signal: AbortSignal): Promise<Run> {
  const { train, holdOut, turned, end, broken } = calendar;
  const series = driftingLevel(end, { begins: train, ends: turned }, seed);
  const days = (first: number, last: number) => windows(sliceSeries(series, first * DAY, last * DAY), SPEC);
  const start = days(0, train - holdOut);
  const held = days(train - holdOut, train);
  const layers = [flatten(), dense({ units: DAY_STEPS }), reshape({ shape: [DAY_STEPS, 1] })];
  const model = createModel(network({ input: [DAY_STEPS, 2], layers }), { seed });
  const { forecaster } = await fitForecaster(model, start, {
    ...{ loss: mse(), optimizer: adam({ learningRate: 0.01 }), epochs, batchSize: 32, seed, signal },
  });
  const bytes = saveForecaster(forecaster, saveModel);
  const span = { from: train * DAY, to: (end - 1) * DAY, every: DAY, signal };
  const score = (of: Forecaster, from: number, to: number, on = series) =>
    backtest(asForecastFunction(of), on, {
      ...{ ...span, from, to, horizon: DAY_STEPS, targets: ['level'] },
    });
  const old = async (of: Forecaster) => rmse(await score(of, (train - holdOut) * DAY, (train - 1) * DAY));
  const frozen = await score(forecaster, span.from, span.to);
  const oldFrozen = await old(forecaster);
  model.dispose();

  const learn = async (on: Series, options: Partial<IncrementalOptions>) => {
    const copy = loadForecaster(bytes, loadModel);
    try {
      const learner = createIncrementalLearner(copy, {
        ...{ loss: mse(), optimizer: sgd({ learningRate: 0.3 }), epochs: 5, batchSize: 32, seed },
        ...options,
      });
      return { result: await prequential(learner, on, span), old: await old(copy) };
    } finally {
      copy.model.dispose();
    }
  };
  // A short memory of what came last, so that what is no longer true goes.
  const replay = { capacity: 10 * DAY_STEPS, strategy: 'recent' as const, share: 0.9 };
  const memory = { replay: { capacity: 1000, share: 0.5, start } };
  const guard = { holdOut: held, tolerance: TOLERANCE };
  const updated = await learn(series, { replay });
  const remembering = await learn(series, memory);
  const broke = brokenOn(series, broken);
  const guarded = await learn(broke, { replay, guard });
  const unguarded = await learn(broke, { replay });
  return {
    ...{ seed, frozen, updated: updated.result, remembering: remembering.result },
    ...{ guarded: guarded.result, unguarded: unguarded.result },
    oldWorld: { frozen: oldFrozen, updated: updated.old, remembering: remembering.old },
  };
}

/** The example. */
export const incrementalExample: Example = {
  title: 'Incremental learning: a water level whose answer to the wind turns round',
  source:
    'Prequential evaluation (Dawid 1984, J. R. Stat. Soc. A 147): every day is scored before it is learnt. Reservoir: ' +
    'Vitter 1985, ACM TOMS 11. The noise of the made-up series is the least error that any forecast can have.',
  async run({ seeds, quick, progress, signal }) {
    const calendar = quick ? QUICK : FULL;
    const runs: Run[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      runs.push(await runSeed(seed, calendar, quick ? 2 : 30, signal));
      const { frozen, updated } = runs.at(-1)!;
      progress(
        `seed ${seed}: frozen ${rmse(frozen).toFixed(2)}, updated ${rmse(updated.backtest).toFixed(2)} m`,
      );
    }
    const first = runs[0]!;
    return {
      claims: claimsOf(runs, calendar),
      rows: runs.map((run) => rowOf(run, calendar)),
      charts: [
        {
          name: 'incremental',
          caption:
            `The answer to the wind turns from day ${calendar.train} to day ${calendar.turned}; one seed. The frozen ` +
            'forecaster keeps to what was; updated daily, replaying the last 10 days, it follows; with a reservoir of all that ' +
            'came it also keeps to what was.',
          spec: prequentialChart({
            results: {
              frozen: first.frozen,
              updated: first.updated.backtest,
              'with reservoir': first.remembering.backtest,
            },
            over: 10 * DAY,
            title: 'A world that changes',
          }),
        },
        {
          name: 'incremental-guard',
          caption:
            `Day ${calendar.broken} is in centimetres; one seed. With the guard, updates with its data are rolled back (dashed); without it the network is lost for good. ` +
            'The day itself is left out of the errors.',
          spec: prequentialChart({
            results: {
              'with guard': withoutBroken(first.guarded.backtest, calendar),
              'no broken day': withoutBroken(first.updated.backtest, calendar),
            },
            updates: first.guarded.updates,
            over: 3 * DAY,
            title: 'A day of broken data',
          }),
        },
      ],
    };
  },
};

/** Without forecasts that broken data are part of, as inputs or as what came. */
function withoutBroken(result: BacktestResult, { broken }: Calendar): BacktestResult {
  const size = result.horizon;
  const keep = result.origins.flatMap((origin, i) =>
    origin >= (broken - 1) * DAY && origin < (broken + 2) * DAY ? [] : [i],
  );
  const rows = (values: Float32Array) =>
    Float32Array.from(keep.flatMap((i) => [...values.subarray(i * size, (i + 1) * size)]));
  return {
    ...result,
    origins: keep.map((i) => result.origins[i]!),
    firstTimes: keep.map((i) => result.firstTimes[i]!),
    forecast: rows(result.forecast),
    observed: rows(result.observed),
  };
}

/** RMSEs in metres. */
function rowOf(run: Run, calendar: Calendar) {
  const { seed, frozen, updated, remembering, guarded, unguarded, oldWorld } = run;
  const after = (time: number) => time >= calendar.turned * DAY;
  const recovery = (_: number, origin: number) =>
    origin >= (calendar.broken + 2) * DAY && origin < (calendar.broken + 12) * DAY;
  const broken = ({ from, to }: { from: number; to: number }) =>
    to > calendar.broken * DAY && from < (calendar.broken + 1) * DAY;
  const touches = ({ from, to }: { from: number; to: number }) =>
    to >= calendar.broken * DAY && from < (calendar.broken + 1) * DAY;
  const rolledBack = guarded.updates.filter((update) => !update.accepted);
  return {
    seed,
    frozen: rmse(frozen),
    updated: rmse(updated.backtest),
    remembering: rmse(remembering.backtest),
    frozenAfterTurn: rmse(frozen, after),
    updatedAfterTurn: rmse(updated.backtest, after),
    frozenBeforeTurn: oldWorld.frozen,
    updatedOldWorld: oldWorld.updated,
    rememberingOldWorld: oldWorld.remembering,
    broken: guarded.updates.filter(broken).length,
    rolledBack: rolledBack.filter(broken).length,
    rolledBackForNothing: rolledBack.filter((update) => !touches(update)).length,
    cleanAfterBreak: rmse(updated.backtest, recovery),
    guardedAfterBreak: rmse(guarded.backtest, recovery),
    unguardedAfterBreak: rmse(unguarded.backtest, recovery),
  };
}

function claimsOf(runs: readonly Run[], calendar: Calendar): Claim[] {
  const rows = runs.map((run) => rowOf(run, calendar));
  type Row = (typeof rows)[number];
  const mean = (name: keyof Row) => rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
  const spread = (name: keyof Row) => {
    const squares = rows.reduce((sum, row) => sum + (row[name] - mean(name)) ** 2, 0);
    const sd = rows.length > 1 ? Math.sqrt(squares / (rows.length - 1)) : 0;
    return `${mean(name).toFixed(2)} ± ${sd.toFixed(2)}`;
  };
  const least = Math.min(...rows.map((row) => row.unguardedAfterBreak));
  const inAll = (holds: (row: Row) => boolean) => rows.every(holds);
  return [
    {
      method: 'Incremental learning: daily updates',
      figure: `RMSE ${spread('updated')} m, frozen ${spread('frozen')} m`,
      bar: `below the frozen forecaster with every seed; noise alone ${NOISE}`,
      met: inAll((row) => row.updated < row.frozen),
    },
    {
      method: 'Incremental learning: after the change',
      figure: `RMSE ${spread('updatedAfterTurn')} m, frozen ${spread('frozenAfterTurn')} m`,
      bar: `at most 1.1 of what the first training reached before the change, ${spread('frozenBeforeTurn')} m`,
      met: mean('updatedAfterTurn') <= 1.1 * mean('frozenBeforeTurn'),
    },
    {
      method: 'Incremental learning: replay of all that came (reservoir)',
      figure: `RMSE in the world before the change ${spread('rememberingOldWorld')} m`,
      bar: `below that of replaying the last 10 days, ${spread('updatedOldWorld')} m, with every seed`,
      met: inAll((row) => row.rememberingOldWorld < row.updatedOldWorld),
    },
    {
      method: 'Incremental learning: guard',
      figure:
        `${mean('rolledBack').toFixed(1)} of ${mean('broken').toFixed(1)} updates with broken data rolled back, and ${mean('rolledBackForNothing').toFixed(1)} ` +
        `without; RMSE of the 10 days after ${spread('guardedAfterBreak')} m, without guard more than ${least.toPrecision(1)} m`,
      bar: `all updates with more than one broken value rolled back, none without any; at most 1.25 of the RMSE without the break, ${spread('cleanAfterBreak')} m`,
      met:
        inAll((row) => row.rolledBack === row.broken && row.rolledBackForNothing === 0) &&
        mean('guardedAfterBreak') <= 1.25 * mean('cleanAfterBreak'),
    },
  ];
}
