import * as tf from '@tensorflow/tfjs-core';
import {
  DAY,
  decodeSafetensors,
  encodeSafetensors,
  scaleSamples,
  type WindowSamples,
  windows,
} from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  createIncrementalLearner,
  evaluate,
  type Forecaster,
  fitForecaster,
  gaussianNll,
  type IncrementalOptions,
  type Loss,
  mse,
  quantileLoss,
  sgd,
} from '../../src/index.ts';
import { weightsOf } from '../helpers.ts';
import { daysOf, driftingSeries, learning, START, smallNetwork, trainForecaster } from './drift.ts';

setUpBackend();

const series = driftingSeries();

async function withForecaster(use: (forecaster: Forecaster) => Promise<void>, model = smallNetwork()) {
  try {
    await use(await trainForecaster(series, model));
  } finally {
    model.dispose();
  }
}

const lossOn = ({ model, scalers }: Forecaster, windows: WindowSamples) =>
  evaluate(model, scaleSamples(windows, scalers), { loss: mse() });

/** The same windows with targets that make no sense. */
function corrupted(windows: WindowSamples, value = 1e3): WindowSamples {
  return {
    ...windows,
    batch(indices) {
      const batch = windows.batch(indices);
      return { ...batch, y: { ...batch.y, data: batch.y.data.map(() => value) } };
    },
  };
}

const replay = { capacity: 64, share: 0.5 };

describe('an update', () => {
  it.each(['dense', 'lstm'] as const)('brings a %s network nearer to a drifted series', async (body) => {
    await withForecaster(async (forecaster) => {
      const later = daysOf(series, 45, 50);
      const before = await lossOn(forecaster, later);
      const learner = createIncrementalLearner(forecaster, { ...learning, epochs: 4, replay });
      for (let day = 34; day < 44; day += 2) {
        const result = await learner.update(daysOf(series, day, day + 2));
        expect(result).toMatchObject({ accepted: true, update: (day - 34) / 2 + 1 });
      }
      expect(await lossOn(forecaster, later)).toBeLessThan(0.7 * before);
    }, smallNetwork(body));
  });

  it('leaves the scalers and the specification as they are, and notes itself in the provenance', async () => {
    await withForecaster(async (forecaster) => {
      const { scalers, spec } = forecaster;
      const before = structuredClone({ scalers, spec });
      const learner = createIncrementalLearner(forecaster, learning);
      const windows = daysOf(series, 31, 34);
      await learner.update(windows);
      expect(forecaster).toMatchObject(before);
      const to = windows.to.at(-1)!;
      expect(forecaster.provenance.updates).toEqual({ count: 1, accepted: 1, windows: windows.count, to });
      expect(learner).toMatchObject({ updates: 1, learnedTo: to });
    });
  });

  it('mixes in as many past windows as the share asks for, and forgets less for it', async () => {
    const start = daysOf(series, 0, 30);
    const losses: number[] = [];
    for (const share of [0, 0.75]) {
      await withForecaster(async (forecaster) => {
        const learner = createIncrementalLearner(forecaster, {
          ...learning,
          ...{ epochs: 5, replay: { capacity: 300, share, start } },
        });
        for (let day = 50; day < 58; day++) {
          const result = await learner.update(daysOf(series, day, day + 2));
          expect(result.replayed).toBe(Math.min(300, Math.round((share / (1 - share)) * result.windows)));
        }
        losses.push(await lossOn(forecaster, start));
      });
    }
    expect(losses[1]).toBeLessThan(0.8 * losses[0]!);
  });

  it('is the same again for the same seed, and another for another', async () => {
    const weights: unknown[] = [];
    for (const seed of [5, 5, 6]) {
      await withForecaster(async (forecaster) => {
        const learner = createIncrementalLearner(forecaster, { ...learning, replay, seed });
        for (let day = 31; day < 34; day++) await learner.update(daysOf(series, day, day + 2));
        weights.push(weightsOf(forecaster.model));
      });
    }
    expect(weights[1]).toEqual(weights[0]);
    expect(weights[2]).not.toEqual(weights[0]);
  });
});

describe('the guard', () => {
  const holdOut = daysOf(series, 25, 30);

  it('rolls an update back that worsens the hold-out by more than the tolerance, and says so', async () => {
    await withForecaster(async (forecaster) => {
      const guard = { holdOut, tolerance: 1 };
      const learner = createIncrementalLearner(forecaster, { ...learning, guard, replay });
      await learner.update(daysOf(series, 20, 23));
      const before = weightsOf(forecaster.model);
      const result = await learner.update(corrupted(daysOf(series, 33, 35)));
      expect(result.accepted).toBe(false);
      expect(result.after).toBeGreaterThan(2 * result.before!);
      expect(result.reason).toMatch(
        /^the loss on the hold-out rose from [\d.]+ to [\d.e+]+, more than the [\d.]+ allowed$/,
      );
      expect(weightsOf(forecaster.model)).toEqual(before);
      expect(result.before).toBeCloseTo(await lossOn(forecaster, holdOut), 6);
      expect(forecaster.provenance.updates).toMatchObject({ count: 2, accepted: 1 });
    });
  });

  it('keeps what it rolled back out of the buffer: later updates are as if it had never been', async () => {
    const guard = { holdOut, tolerance: 1 };
    const seen: number[] = [];
    await withForecaster(async (forecaster) => {
      const learner = createIncrementalLearner(forecaster, { ...learning, guard, replay });
      await learner.update(corrupted(daysOf(series, 33, 35)));
      const { tensors, metadata } = decodeSafetensors(await learner.save());
      expect(Object.keys(tensors).some((name) => name.startsWith('replay/'))).toBe(false);
      expect(JSON.parse(metadata.counters!)).toMatchObject({ updates: 1, accepted: 0, seen: 0 });
      const { replayed, accepted } = await learner.update(daysOf(series, 20, 23));
      seen.push(replayed);
      expect(accepted).toBe(true);
    });
    expect(seen).toEqual([0]);
  });

  it('keeps an update that stays within the tolerance', async () => {
    await withForecaster(async (forecaster) => {
      const learner = createIncrementalLearner(forecaster, {
        ...learning,
        guard: { holdOut, tolerance: 10 },
      });
      const { accepted, after } = await learner.update(daysOf(series, 31, 33));
      expect(accepted).toBe(true);
      expect(after).toBeCloseTo(await lossOn(forecaster, holdOut), 6);
    });
  });

  it('measures the tolerance by the size of the loss, which a likelihood may have below 0', async () => {
    await withForecaster(async (forecaster) => {
      const loss: Loss = {
        config: { type: 'shifted' },
        apply: (output, y, weight) => tf.sub(mse().apply(output, y, weight), 1),
      };
      const learner = createIncrementalLearner(forecaster, {
        ...learning,
        ...{ loss, guard: { holdOut, tolerance: 0.05 } },
      });
      const { accepted, before, after } = await learner.update(daysOf(series, 20, 23));
      expect(before).toBeLessThan(-0.9);
      expect(Math.abs(after! - before!)).toBeLessThan(0.05 * 0.9);
      expect(accepted).toBe(true);
      const worse = await learner.update(corrupted(daysOf(series, 33, 35)));
      expect(worse).toMatchObject({ accepted: false, before: after });
    });
  });

  it('an update whose numbers overflow is rolled back without a guard too, and says where', async () => {
    await withForecaster(async (forecaster) => {
      const before = weightsOf(forecaster.model);
      const learner = createIncrementalLearner(forecaster, {
        ...learning,
        optimizer: sgd({ learningRate: 1 }),
      });
      const result = await learner.update(corrupted(daysOf(series, 31, 33), 1e30));
      expect(result.accepted).toBe(false);
      expect(result.reason).toMatch(/^fit: .*(NaN|Infinity|finite)/);
      expect(weightsOf(forecaster.model)).toEqual(before);
    });
  });
});

describe('an update that does not come to its end', () => {
  it('leaves forecaster and learner as they were when it is aborted in the middle', async () => {
    await withForecaster(async (forecaster) => {
      const learner = createIncrementalLearner(forecaster, { ...learning, epochs: 1000, replay });
      const before = weightsOf(forecaster.model);
      const state = await learner.save();
      const controller = new AbortController();
      const update = learner.update(daysOf(series, 31, 40), { signal: controller.signal });
      setTimeout(() => controller.abort(new Error('enough')), 50);
      await expect(update).rejects.toThrow('enough');
      expect(weightsOf(forecaster.model)).toEqual(before);
      expect(await learner.save()).toEqual(state);
      expect(learner.updates).toBe(0);
      expect(forecaster.provenance.updates).toBeUndefined();
    });
  });

  it('leaves them as they were when the checkpoint cannot be written', async () => {
    await withForecaster(async (forecaster) => {
      let full = false;
      const learner = createIncrementalLearner(forecaster, {
        ...learning,
        checkpoint: {
          async write() {
            if (full) throw new Error('the disk is full');
          },
        },
      });
      await learner.update(daysOf(series, 31, 33));
      const before = weightsOf(forecaster.model);
      full = true;
      await expect(learner.update(daysOf(series, 33, 35))).rejects.toThrow('the disk is full');
      expect(weightsOf(forecaster.model)).toEqual(before);
      expect(learner.updates).toBe(1);
    });
  });

  it('refuses a second one meanwhile', async () => {
    await withForecaster(async (forecaster) => {
      const learner = createIncrementalLearner(forecaster, learning);
      const first = learner.update(daysOf(series, 31, 33));
      await expect(learner.update(daysOf(series, 33, 35))).rejects.toThrow('an update is under way');
      expect((await first).accepted).toBe(true);
    });
  });
});

describe('a learner in a file', () => {
  /** Five updates, the third of them corrupted; from `resume` after the first `stop` where that is given. */
  async function fiveUpdates(stop?: number) {
    const all: unknown[] = [];
    let weights: unknown;
    const holdOut = daysOf(series, 25, 30);
    await withForecaster(async (forecaster) => {
      let bytes: Uint8Array | undefined;
      const options: IncrementalOptions = {
        ...learning,
        ...{ replay: { ...replay, start: daysOf(series, 0, 5) }, guard: { holdOut, tolerance: 0.5 } },
        checkpoint: {
          write(written) {
            bytes = written;
          },
        },
      };
      let learner = createIncrementalLearner(forecaster, options);
      for (let i = 0; i < 5; i++) {
        const windows = daysOf(series, 31 + i, 33 + i);
        all.push(await learner.update(i === 2 ? corrupted(windows) : windows));
        if (i === stop) {
          // Another process: the forecaster as it was trained, and the file.
          const again = await trainForecaster(series, smallNetwork());
          learner = createIncrementalLearner(again, { ...options, resume: bytes });
          expect(learner.updates).toBe(i + 1);
          expect(again.provenance.updates).toMatchObject({ count: i + 1 });
        }
      }
      weights = weightsOf(learner.forecaster.model);
      if (learner.forecaster !== forecaster) learner.forecaster.model.dispose();
    });
    return { all, weights };
  }

  it('goes on after each update as if it had never stopped, bit for bit', async () => {
    const whole = await fiveUpdates();
    for (const stop of [0, 2, 3]) expect(await fiveUpdates(stop)).toEqual(whole);
  });

  it('is refused where it is damaged or of another learner, and says why', async () => {
    await withForecaster(async (forecaster) => {
      const options = { ...learning, replay };
      const learner = createIncrementalLearner(forecaster, options);
      await learner.update(daysOf(series, 31, 33));
      const bytes = await learner.save();
      const { tensors, metadata } = decodeSafetensors(bytes);
      const before = weightsOf(forecaster.model);
      const resume = (changed: Uint8Array, other: Partial<IncrementalOptions> = {}) =>
        createIncrementalLearner(forecaster, { ...options, ...other, resume: changed });
      expect(() => resume(bytes, { seed: 9 })).toThrow('seed was 5, is 9');
      expect(() => resume(bytes, { replay: { capacity: 9 } })).toThrow('replay.capacity was 64, is 9');
      expect(() => resume(encodeSafetensors(tensors, { ...metadata, format: 'other' }))).toThrow(
        "format must be 'tidecast-incremental-1', got 'other'",
      );
      const { 'replay/x': _, ...less } = tensors;
      expect(() => resume(encodeSafetensors(less, metadata))).toThrow('values of replay/x, got none');
      const name = Object.keys(tensors).find((each) => each.startsWith('weights/'))!;
      const { data, shape } = tensors[name]!;
      const broken = { ...tensors, [name]: { data: data.map(() => Number.NaN), shape } };
      expect(() => resume(encodeSafetensors(broken, metadata))).toThrow(`${name} is not finite`);
      const counters = JSON.stringify({ ...JSON.parse(metadata.counters!), updates: -1 });
      expect(() => resume(encodeSafetensors(tensors, { ...metadata, counters }))).toThrow(
        'incremental: updates must be a whole number',
      );
      expect(() => resume(bytes.slice(0, 100))).toThrow();
      expect(weightsOf(forecaster.model)).toEqual(before);
    });
  });
});

describe('createIncrementalLearner', () => {
  it('refuses a loss to which the outputs mean something else than to the forecaster', async () => {
    await withForecaster(async (forecaster) => {
      const quantiles = (levels: number[]) => quantileLoss({ levels });
      const headed = { ...forecaster, loss: quantiles([0.1, 0.5, 0.9]).config };
      const make = (of: Forecaster, loss: Loss) => () => createIncrementalLearner(of, { ...learning, loss });
      expect(make(headed, quantiles([0.1, 0.5, 0.9]))).not.toThrow();
      expect(make(headed, quantiles([0.05, 0.5, 0.95]))).toThrow(
        /^incremental: loss must have the head of the forecaster's, .*0\.1,0\.5,0\.9.*, got .*0\.05,0\.5,0\.95/,
      );
      expect(make(headed, gaussianNll())).toThrow('incremental: loss must have the head');
      expect(make(forecaster, gaussianNll())).toThrow("the head of the forecaster's, none, got");
    });
  });

  it('refuses options out of range, and windows of another kind or none', async () => {
    await withForecaster(async (forecaster) => {
      const make = (options: Partial<IncrementalOptions>) => () =>
        createIncrementalLearner(forecaster, { ...learning, ...options });
      const windows = daysOf(series, 31, 33);
      expect(make({ epochs: 0 })).toThrow('incremental: epochs must be a whole number at least 1, got 0.');
      expect(make({ replay: { capacity: 0 } })).toThrow('incremental: replay.capacity must be');
      expect(make({ replay: { capacity: 5, share: 1 } })).toThrow('incremental: replay.share must be');
      expect(make({ replay: { capacity: 5, strategy: 'best' as 'recent' } })).toThrow(
        "incremental: replay.strategy must be one of reservoir, recent, got 'best'.",
      );
      expect(make({ guard: { holdOut: windows, tolerance: -1 } })).toThrow('incremental: guard.tolerance');
      const learner = createIncrementalLearner(forecaster, learning);
      const other = { ...windows, spec: { ...windows.spec, steps: 11 } };
      await expect(learner.update(other)).rejects.toThrow('incremental: windows must be like the training');
      await expect(learner.update({ ...windows, count: 0 })).rejects.toThrow(
        'incremental: expected at least one new window, got none.',
      );
      expect(windows.origins[0]).toBe(START + 31 * DAY + 22 * 3_600_000);
    });
  });

  it('serves a forecaster whose windows have gaps', async () => {
    const gappy = driftingSeries();
    const values = gappy.values.map((value, i) => (i % 34 === 0 ? Number.NaN : value));
    const holes = { ...gappy, values };
    const all = windows(holes, { ...daysOf(series, 0, 2).spec, missing: 'mask' });
    const model = smallNetwork('lstm');
    const { forecaster } = await fitForecaster(model, all, { ...learning, epochs: 1, batchSize: 64 });
    const learner = createIncrementalLearner(forecaster, { ...learning, replay: { ...replay, start: all } });
    expect((await learner.update(all)).accepted).toBe(true);
    const again = createIncrementalLearner(forecaster, { ...learning, replay, resume: await learner.save() });
    expect(await again.save()).toEqual(await learner.save());
    model.dispose();
  });
});
