import { type Series, timeAt } from '@tidecast/data';
import { backtest, splitVariance } from '@tidecast/eval';
import { createModel, dense, flatten, loadModel, network, reshape, saveModel } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  adam,
  asEnsembleForecastFunction,
  createEnsemble,
  disposeEnsemble,
  distributionsOf,
  type Ensemble,
  ensembleDistributions,
  ensembleDistributionsAt,
  fitForecaster,
  forecastEnsemble,
  forecastEnsembleMany,
  forecastMany,
  gaussianNll,
  type Loss,
  loadEnsemble,
  mse,
  saveEnsemble,
} from '../../src/index.ts';
import { makeSeries, splitOf } from './member-job.ts';

setUpBackend();

const series = makeSeries();
const { train, test } = splitOf(series);

/** Three members by seed. */
async function makeEnsemble(loss: Loss): Promise<Ensemble> {
  const members = [];
  const shape = [3, 1, ...(loss.head ? [loss.head.parameters] : [])];
  for (const seed of [1, 2, 3]) {
    const units = shape.reduce((product, size) => product * size, 1);
    const layers = [flatten(), dense({ units: 6, activation: 'tanh' }), dense({ units }), reshape({ shape })];
    const model = createModel(network({ input: [8, 1], layers }), { seed });
    const optimizer = adam({ learningRate: 0.01 });
    const { forecaster } = await fitForecaster(model, train, {
      loss,
      optimizer,
      epochs: 15,
      batchSize: 32,
      seed,
    });
    members.push(forecaster);
  }
  return createEnsemble(members);
}

async function withEnsemble(loss: Loss, use: (made: Ensemble) => Promise<void>): Promise<void> {
  const made = await makeEnsemble(loss);
  try {
    await use(made);
  } finally {
    disposeEnsemble(made);
  }
}

/** Observed targets of the test windows. */
function observed({ values }: Series): Float64Array {
  return Float64Array.from({ length: test.count * 3 }, (_, i) => {
    const at = (test.origins[Math.floor(i / 3)]! - series.start) / series.step;
    return values[at + 1 + (i % 3)]!;
  });
}

describe('an ensemble of Gaussian members', () => {
  it('is their mixture: mean, variance in two parts, and quantiles where the mean of their functions is the level', () =>
    withEnsemble(gaussianNll(), async (made) => {
      const { mixture, members, variance } = await ensembleDistributions(made, test);
      expect(members).toHaveLength(3);
      expect(variance).toEqual(splitVariance(members));
      const means = members.map((each) => each.mean());
      const variances = members.map((each) => each.variance());
      for (const i of [0, 7, 100]) {
        const mean = (means[0]![i]! + means[1]![i]! + means[2]![i]!) / 3;
        const spread = means.reduce((sum, each) => sum + (each[i]! - mean) ** 2 / 3, 0);
        const noise = variances.reduce((sum, each) => sum + each[i]! / 3, 0);
        expect(mixture.mean()[i]).toBeCloseTo(mean, 10);
        expect(variance.epistemic[i]).toBeCloseTo(spread, 10);
        expect(variance.aleatoric[i]).toBeCloseTo(noise, 10);
        expect(mixture.variance()[i]).toBeCloseTo(spread + noise, 10);
      }
      const quantile = mixture.quantile(0.9);
      const reached = members.map((each) => each.cdf(quantile));
      for (const i of [0, 7, 100]) {
        expect((reached[0]![i]! + reached[1]![i]! + reached[2]![i]!) / 3).toBeCloseTo(0.9, 6);
      }
    }));

  it('has a CRPS of at most the mean of its members', () =>
    withEnsemble(gaussianNll(), async (made) => {
      const { mixture, members } = await ensembleDistributions(made, test);
      const y = observed(series);
      const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const single = members.map((each) => mean(each.crps(y)));
      expect(mean(mixture.crps(y))).toBeLessThan((single[0]! + single[1]! + single[2]!) / 3);
    }));

  it('forecasts its quantiles and mean, at one origin as for many windows, to 1e-5', () =>
    withEnsemble(gaussianNll(), async (made) => {
      const many = await forecastEnsembleMany(made, test, { levels: [0.1, 0.5, 0.9] });
      expect(many).toHaveLength(test.count);
      const one = await forecastEnsemble(made, series, test.origins[5]!, { levels: [0.1, 0.5, 0.9] });
      expect(one.firstTime).toBe(many[5]!.firstTime);
      expect(one.levels).toEqual([0.1, 0.5, 0.9]);
      one.values.forEach((value, i) => {
        expect(Math.abs(value - many[5]!.values[i]!)).toBeLessThan(1e-5);
      });
      for (let h = 0; h < 3; h++) {
        expect(one.values[h]!).toBeLessThan(one.values[3 + h]!);
        expect(one.values[3 + h]!).toBeLessThan(one.values[6 + h]!);
      }
      const said = await ensembleDistributionsAt(made, series, test.origins[5]!);
      expect(said.firstTime).toBe(one.firstTime);
      expect(Array.from(said.mixture.mean())).toEqual(
        Array.from(one.mean!, (value) => expect.closeTo(value, 5)),
      );
    }));

  it('forecasts the same from its file, bit for bit, and is scored by a backtest', () =>
    withEnsemble(gaussianNll(), async (made) => {
      const again = loadEnsemble(saveEnsemble(made, saveModel), loadModel);
      expect(await forecastEnsembleMany(again, test)).toEqual(await forecastEnsembleMany(made, test));
      const result = await backtest(asEnsembleForecastFunction(again), series, {
        from: timeAt(series, 260),
        to: timeAt(series, 300),
        every: 4 * series.step,
        horizon: 3,
        targets: ['tide'],
      });
      expect(result.levels).toEqual([0.05, 0.25, 0.5, 0.75, 0.95]);
      expect(result.skipped).toEqual([]);
      disposeEnsemble(again);
    }));
});

describe('an ensemble of point members', () => {
  it('forecasts the mean of theirs as a point, and its variance is all disagreement', () =>
    withEnsemble(mse(), async (made) => {
      const [first] = await forecastEnsembleMany(made, test);
      expect(first!.levels).toEqual([0.5]);
      const each = await Promise.all(made.members.map((member) => forecastMany(member, test)));
      first!.values.forEach((value, h) => {
        const mean = each.reduce((sum, forecasts) => sum + forecasts[0]!.values[h]! / 3, 0);
        expect(value).toBeCloseTo(mean, 5);
      });
      const { variance } = await ensembleDistributions(made, test);
      expect(Math.max(...variance.aleatoric)).toBe(0);
      expect(Math.min(...variance.epistemic)).toBeGreaterThan(0);
      await expect(forecastEnsembleMany(made, test, { levels: [0.1, 0.9] })).rejects.toThrow(
        /must be \[0\.5\]/,
      );
    }));

  it('does not mix with members that have a head', () =>
    withEnsemble(mse(), async (points) => {
      await withEnsemble(gaussianNll(), async (bands) => {
        expect(() => createEnsemble([points.members[0]!, bands.members[0]!])).toThrow(
          'head of member 0 is false, of member 1 true',
        );
        expect((await distributionsOf(bands.members[0]!, test)).count).toBe(3 * test.count);
      });
    }));
});
