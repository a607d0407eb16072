import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  averagePrecision,
  brierScore,
  classScores,
  confusionMatrix,
  expectedCalibrationError,
  mostLikely,
  probabilityReliability,
  rocAuc,
  thresholdCurve,
} from '../../src/index.ts';

const nan = Number.NaN;

describe('confusionMatrix and classScores', () => {
  it('give the case worked out by hand', () => {
    // actual 0: said 0, 0, 1; actual 1: said 1, 0; actual 2: said 0
    const matrix = confusionMatrix([0, 0, 1, 1, 0, 0, nan], [0, 0, 0, 1, 1, 2, 2], { classes: 3 });
    expect(matrix).toMatchObject({ classes: 3, n: 6, missing: 1 });
    expect(Array.from(matrix.counts)).toEqual([2, 1, 0, 1, 1, 0, 1, 0, 0]);
    const { perClass, accuracy, balancedAccuracy } = classScores(matrix);
    expect(perClass).toEqual([
      { precision: 2 / 4, recall: 2 / 3, f1: 4 / 7, support: 3 },
      { precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 },
      { precision: nan, recall: 0, f1: 0, support: 1 },
    ]);
    expect(accuracy).toBe(0.5);
    expect(balancedAccuracy).toBeCloseTo((2 / 3 + 1 / 2) / 3, 15);
  });

  it('count weights as repeated examples', () => {
    const weighted = confusionMatrix([0, 1, 1], [0, 0, 1], { classes: 2, weights: [1, 2, 3] });
    const repeated = confusionMatrix([0, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1], { classes: 2 });
    expect(weighted.counts).toEqual(repeated.counts);
  });

  it('take the most likely class, and no class where a value is missing', () => {
    expect(Array.from(mostLikely([0.1, 0.7, 0.2, 5, 1, 2, 1, nan, 0], 3))).toEqual([1, 0, nan]);
  });
});

describe('rocAuc and averagePrecision', () => {
  it('give the case worked out by hand', () => {
    // By falling score: 0.8 (1), 0.4 (0), 0.35 (1), 0.1 (0): 3 of 4 pairs in order; precision 1/1 and 2/3 at the positives.
    expect(rocAuc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBe(0.75);
    expect(averagePrecision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])).toBeCloseTo((1 + 2 / 3) / 2, 15);
  });

  it('are 1/2 and the share of positives for one and the same score', () => {
    expect(rocAuc([3, 3, 3, 3], [1, 0, 0, 0])).toBe(0.5);
    expect(averagePrecision([3, 3, 3, 3], [1, 0, 0, 0])).toBe(0.25);
  });

  const examples = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), {
    minLength: 2,
    maxLength: 30,
  });

  it('rocAuc is the share of pairs in order, ties half', () => {
    fc.assert(
      fc.property(examples, (rows) => {
        const positives = rows.filter(([, label]) => label);
        const negatives = rows.filter(([, label]) => !label);
        let sum = 0;
        for (const [p] of positives) for (const [q] of negatives) sum += p > q ? 1 : p === q ? 0.5 : 0;
        const expected = sum / (positives.length * negatives.length);
        const auc = rocAuc(...columnsOf(rows));
        if (Number.isNaN(expected)) expect(auc).toBeNaN();
        else expect(Math.abs(auc - expected)).toBeLessThan(1e-12);
      }),
    );
  });

  it('count weights as repeated examples', () => {
    const scores = [5, 4, 3, 2];
    const labels = [1, 0, 1, 0];
    const weights = [2, 1, 3, 2];
    const repeated = scores.flatMap((score, i) => Array<number>(weights[i]!).fill(score));
    const repeatedLabels = labels.flatMap((label, i) => Array<number>(weights[i]!).fill(label));
    for (const score of [rocAuc, averagePrecision]) {
      expect(score(scores, labels, { weights })).toBeCloseTo(score(repeated, repeatedLabels), 14);
    }
  });

  it('leave out what is missing', () => {
    expect(rocAuc([0.1, nan, 0.4, 0.35, 0.8, 1], [0, 1, 0, 1, 1, nan])).toBe(0.75);
    expect(thresholdCurve([2, 1, 2], [1, 0, 0])).toEqual({
      thresholds: [2, 1],
      truePositives: [1, 1],
      falsePositives: [1, 2],
      positives: 1,
      negatives: 2,
    });
  });
});

describe('scores of probabilities', () => {
  it('give the Brier score of one probability and of K', () => {
    expect(brierScore([0.8, 0.3], [1, 0])).toBeCloseTo((0.04 + 0.09) / 2, 15);
    expect(brierScore([0.2, 0.8, 0.7, 0.3], [1, 0], { classes: 2 })).toBeCloseTo(0.04 + 0.09, 15);
    expect(brierScore([0.5, 0.3, 0.2], [2], { classes: 3 })).toBeCloseTo(0.25 + 0.09 + 0.64, 15);
  });

  it('put each probability in one bin, 1 in the last', () => {
    const bins = probabilityReliability([0, 0.5, 1, 0.49], [0, 1, 1, 1], { bins: 2 });
    expect(bins.map(({ weight }) => weight)).toEqual([2, 2]);
    expect(bins[0]).toMatchObject({ from: 0, to: 0.5, probability: 0.245, frequency: 0.5 });
    expect(bins[1]).toMatchObject({ probability: 0.75, frequency: 1 });
  });

  it('give the calibration error worked out by hand, of the likeliest class where there are several', () => {
    expect(expectedCalibrationError([0.9, 0.9, 0.1, 0.1], [1, 0, 0, 0])).toBeCloseTo(
      0.5 * 0.4 + 0.5 * 0.1,
      14,
    );
    const probabilities = [0.6, 0.3, 0.1, 0.1, 0.1, 0.8];
    expect(expectedCalibrationError(probabilities, [0, 0], { classes: 3 })).toBeCloseTo(
      0.5 * 0.4 + 0.5 * 0.8,
      14,
    );
  });

  it('refuse logits, labels that are no class, and negative weights', () => {
    expect(() => brierScore([1.2], [1])).toThrow('Apply softmax or sigmoid');
    expect(() => brierScore([0.2], [2])).toThrow('from 0 to 1, got 2');
    expect(() => rocAuc([1, 2], [1])).toThrow('for each of 1 labels, got 2');
    expect(() => rocAuc([1], [1], { weights: [-1] })).toThrow('0 or more, got -1');
    expect(() => confusionMatrix([1.5], [1], { classes: 2 })).toThrow('got 1.5');
  });
});

function columnsOf(rows: [number, boolean][]): [number[], number[]] {
  return [rows.map(([score]) => score), rows.map(([, label]) => Number(label))];
}
