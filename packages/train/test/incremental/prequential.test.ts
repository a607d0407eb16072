// Nothing after an origin reaches what is forecast or learnt there: told by a spy, and by poison.

import type * as tf from '@tensorflow/tfjs-core';
import { availableAt, createSeries, DAY, type Series } from '@tidecast/data';
import { backtest, scoreForecasts } from '@tidecast/eval';
import { chartSvg } from '@tidecast/eval/report';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  asForecastFunction,
  createIncrementalLearner,
  type Forecaster,
  type IncrementalOptions,
  type Loss,
  mse,
  type PrequentialOptions,
  prequential,
  prequentialChart,
} from '../../src/index.ts';
import {
  daysOf,
  driftingSeries,
  learning,
  START,
  STEP,
  smallNetwork,
  spec,
  trainForecaster,
} from './drift.ts';

setUpBackend();

const series = driftingSeries();
const from = START + 32 * DAY;
const options: PrequentialOptions = { from, to: START + 40 * DAY, every: DAY };

async function run(
  on: Series,
  { learner: changed, ...rest }: Partial<PrequentialOptions> & { learner?: Partial<IncrementalOptions> } = {},
) {
  const model = smallNetwork();
  try {
    const forecaster = await trainForecaster(series, model);
    const learner = createIncrementalLearner(forecaster, {
      ...learning,
      ...{ replay: { capacity: 100, start: daysOf(series, 0, 30) }, ...changed },
    });
    return await prequential(learner, on, { ...options, ...rest });
  } finally {
    model.dispose();
  }
}

/** The same series with nonsense in all that was not known at `time`. */
function poisoned(time: number): Series {
  const values = series.values.map((value, i) => {
    const at = series.start + Math.floor(i / 2) * series.step;
    return availableAt(series.channels[i % 2]!, at) > time ? 1e4 : value;
  });
  return createSeries({ ...series, values });
}

describe('prequential', () => {
  it('issues the same forecasts and makes the same updates up to an origin, whatever comes after it', async () => {
    const clean = await run(series);
    const origin = START + 36 * DAY;
    const other = await run(poisoned(origin));
    const n = clean.backtest.origins.indexOf(origin) + 1;
    const size = clean.backtest.horizon;
    expect(n).toBe(5);
    expect(other.backtest.forecast.slice(0, n * size)).toEqual(clean.backtest.forecast.slice(0, n * size));
    expect(other.backtest.forecast.slice(n * size)).not.toEqual(clean.backtest.forecast.slice(n * size));
    const early = (each: { origin: number }) => each.origin <= origin;
    expect(other.updates.filter(early)).toEqual(clean.updates.filter(early));
    expect(clean.updates.filter(early)).toHaveLength(4);
  });

  it('shows network and loss no value that was not known at the origin: a spy on all they see', async () => {
    // Every value tells its own time, in days since the start; the scalers leave it.
    const values = Float32Array.from(series.values, (_, i) => (Math.floor(i / 2) * STEP) / DAY);
    const clock = createSeries({ ...series, values });
    const model = smallNetwork();
    const plain = { kind: 'standard' as const, offset: [0, 0], scale: [1, 1] };
    const scalers = { x: plain, y: { ...plain, offset: [0], scale: [1] } };
    let now = 0;
    let seen = 0;
    const worst: number[] = [];
    const look = (tensor: tf.Tensor) => {
      const latest = Math.max(...tensor.dataSync());
      seen++;
      // The history of an origin holds samples up to it.
      if (latest > (now - START) / DAY + 1e-4) worst.push(latest);
    };
    const spied = {
      config: model.config,
      weights: model.weights,
      apply(x: tf.Tensor, how: Parameters<typeof model.apply>[1]) {
        look(x);
        return model.apply(x, how);
      },
      dispose: () => model.dispose(),
    };
    const loss: Loss = {
      config: { type: 'spy' },
      apply(output, y, weight) {
        look(y);
        return mse().apply(output, y, weight);
      },
    };
    try {
      const trained = await trainForecaster(series, model);
      const forecaster: Forecaster = { ...trained, model: spied, scalers };
      const learner = createIncrementalLearner(forecaster, { ...learning, loss, epochs: 1 });
      // The spy hears the time from the backtest itself: just before an origin it is that of the one before.
      const origins: number[] = [];
      const watched = {
        ...learner,
        forecaster,
        get learnedTo() {
          return learner.learnedTo;
        },
      };
      watched.update = (windows, how) => {
        const last = Math.max(...windows.to);
        // Targets end before the origin at which they are learnt.
        expect(last).toBeLessThanOrEqual(now);
        return learner.update(windows, how);
      };
      now = from;
      const result = await prequential(watched, clock, {
        ...options,
        onProgress: ({ origin }) => {
          origins.push(origin);
          now = origin + DAY;
        },
      });
      expect(result.updates).toHaveLength(7);
      expect(origins).toHaveLength(8);
      expect(seen).toBeGreaterThan(20);
      expect(worst).toEqual([]);
    } finally {
      model.dispose();
    }
  });

  it('learns every window once, when its last target is known, and none from before `from`', async () => {
    const { updates, backtest: result } = await run(series);
    const windows = updates.reduce((sum, update) => sum + update.windows, 0);
    // Issued at `from` or later and known at the last origin, day 39: 7 days of 12 origins, less those still open.
    expect(windows).toBe(7 * 12 + 1 - spec.horizon);
    expect(updates.map(({ origin }) => (origin - from) / DAY)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    for (const { origin, to } of updates) expect(to).toBe(origin);
    for (let i = 1; i < updates.length; i++) {
      expect(updates[i]!.from).toBe(updates[i - 1]!.to + STEP - (spec.steps + spec.horizon - 1) * STEP);
    }
    expect(updates[0]!.from).toBe(from - (spec.steps - 1) * STEP);
    expect(result.origins).toHaveLength(8);
  });

  it('waits for values that are known late', async () => {
    const late = {
      ...series,
      channels: [series.channels[0]!, series.channels[1]!].map((channel) =>
        channel.name === 'tide' ? { ...channel, latency: STEP } : channel,
      ),
    };
    const model = smallNetwork();
    try {
      const forecaster = await trainForecaster(series, model);
      // Issued one step later, when the last input is known.
      const learner = createIncrementalLearner(
        { ...forecaster, spec: { ...spec, issueDelay: STEP }, targetChannels: late.channels.slice(0, 1) },
        learning,
      );
      const { updates } = await prequential(learner, late, options);
      expect(updates.length).toBeGreaterThan(0);
      for (const { origin, to } of updates) expect(to).toBe(origin - STEP);
    } finally {
      model.dispose();
    }
  });

  it('with learnEvery of 3 days updates every third day, with the same windows', async () => {
    const { updates } = await run(series, { learnEvery: 3 * DAY });
    expect(updates.map(({ origin }) => (origin - from) / DAY)).toEqual([1, 4, 7]);
    expect(updates.reduce((sum, update) => sum + update.windows, 0)).toBe(7 * 12 + 1 - spec.horizon);
  });

  it('makes windows only at the origins that are chosen', async () => {
    const { updates } = await run(series, { windows: { align: 6 * STEP } });
    expect(updates.map((update) => update.windows)).toEqual([2, 2, 2, 2, 2, 2, 2]);
  });

  it('follows a drift better than a frozen forecaster: RMSE less than 0.8 of it', async () => {
    const model = smallNetwork();
    const frozen = await trainForecaster(series, model);
    const to = START + 55 * DAY;
    const still = await backtest(asForecastFunction(frozen), series, {
      ...{ ...options, to, horizon: spec.horizon, targets: spec.targets },
    });
    model.dispose();
    const { backtest: updated, updates } = await run(series, { to });
    const rmse = (result: typeof still) => scoreForecasts(result)[0]!.pooled.rmse;
    expect(updated.origins).toEqual(still.origins);
    expect(rmse(updated)).toBeLessThan(0.8 * rmse(still));
    // And as a plot.
    const marked = updates.map((update, i) => ({ ...update, accepted: i !== 3 }));
    const chart = prequentialChart({ results: { frozen: still, updated }, updates: marked, over: 5 * DAY });
    const { html } = await chartSvg(chart);
    expect(html).toContain('RMSE of 5 days [m]');
    expect(html).toContain('#d64541');
  });

  it('keeps scoring after a day that was rolled back, with the weights of before', async () => {
    const day = START + 34 * DAY;
    const values = series.values.map((value, i) => {
      const at = series.start + Math.floor(i / 2) * series.step;
      return i % 2 === 0 && at > day && at <= day + DAY ? value + 500 : value;
    });
    const broken = createSeries({ ...series, values });
    const guard = { holdOut: daysOf(series, 28, 32), tolerance: 1 };
    const { updates, backtest: result } = await run(broken, { learner: { guard } });
    const rejected = updates.filter((update) => !update.accepted).map(({ origin }) => (origin - day) / DAY);
    expect(rejected).toContain(1);
    expect(updates[0]!.accepted).toBe(true);
    expect(result.origins).toHaveLength(8);
    expect(result.skipped).toEqual([]);
  });

  it('stops with the reason of an abort', async () => {
    const controller = new AbortController();
    const stopped = run(series, {
      signal: controller.signal,
      onUpdate: ({ update }) => update === 2 && controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
  });

  it('refuses to forecast what the learner has seen: one that was resumed begins where it was', async () => {
    const model = smallNetwork();
    const learner = createIncrementalLearner(await trainForecaster(series, model), learning);
    await learner.update(daysOf(series, 32, 34));
    const seen = new Date(learner.learnedTo).toISOString();
    await expect(prequential(learner, series, options)).rejects.toThrow(
      `prequential: from must not lie before ${seen}, up to where the learner has learnt, got ${new Date(from).toISOString()}`,
    );
    const later = await prequential(learner, series, { ...options, from: START + 34 * DAY });
    expect(later.backtest.origins).toHaveLength(6);
    model.dispose();
  });

  it('refuses learnEvery below the time between origins', async () => {
    await expect(run(series, { learnEvery: 1 })).rejects.toThrow('prequential: learnEvery must be');
  });
});
