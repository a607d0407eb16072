import { createRandom } from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyTemperature,
  expectedCalibrationError,
  fitTemperature,
  logLoss,
  mostLikely,
} from '../../src/index.ts';

/** Logits, and labels drawn from their softmax: calibrated as they are. */
function calibrated(N: number, K: number, seed: number) {
  const random = createRandom(seed);
  const logits = Float64Array.from({ length: N * K }, () => 2 * random.normal());
  const probabilities = applyTemperature(logits, 1, { classes: K });
  const labels = Array.from({ length: N }, (_, i) => {
    let left = random.uniform();
    for (let k = 0; k < K - 1; k++) {
      left -= probabilities[i * K + k]!;
      if (left < 0) return k;
    }
    return K - 1;
  });
  return { logits, labels };
}

describe('fitTemperature', () => {
  it('is 1 ± 0.05 for calibrated logits, and 3 times as much, to 1e-9, for 3 times the logits', () => {
    const { logits, labels } = calibrated(4000, 5, 1);
    const once = fitTemperature(logits, labels, { classes: 5 });
    expect(Math.abs(once - 1)).toBeLessThan(0.05);
    const over = logits.map((logit) => 3 * logit);
    const temperature = fitTemperature(over, labels, { classes: 5 });
    expect(Math.abs(temperature / once - 3)).toBeLessThan(1e-9);
    // The calibration error goes, and no decision changes.
    const error = (at: number) =>
      expectedCalibrationError(applyTemperature(over, at, { classes: 5 }), labels, { classes: 5 });
    expect(error(1)).toBeGreaterThan(0.15);
    expect(error(temperature)).toBeLessThan(0.03);
    expect(mostLikely(applyTemperature(over, temperature, { classes: 5 }), 5)).toEqual(mostLikely(over, 5));
  });

  it('of two examples is what stands on paper', () => {
    // Gaps of log odds a right three times, wrong once: σ(a / T) = 3/4.
    const temperature = fitTemperature([2, 2, 2, 2], [1, 1, 1, 0]);
    expect(temperature).toBeCloseTo(2 / Math.log(3), 12);
    expect(fitTemperature([0, 2, 2, 0], [1, 1], { classes: 2, weights: [3, 1] })).toBeCloseTo(
      2 / Math.log(3),
      12,
    );
    expect([...applyTemperature([2, -2], temperature)]).toEqual([
      expect.closeTo(0.75, 12),
      expect.closeTo(0.25, 12),
    ]);
  });

  it('never makes the examples it was fitted on less likely, and no other temperature makes them likelier', () => {
    const rows = fc.array(
      fc.tuple(
        fc.array(fc.double({ min: -20, max: 20, noNaN: true }), { minLength: 3, maxLength: 3 }),
        fc.nat(2),
      ),
      { minLength: 2, maxLength: 20 },
    );
    fc.assert(
      fc.property(rows, (examples) => {
        const logits = examples.flatMap(([row]) => row);
        const labels = examples.map(([, label]) => label);
        let temperature: number;
        try {
          temperature = fitTemperature(logits, labels, { classes: 3 });
        } catch (error) {
          expect((error as Error).message).toMatch(/none: the smaller|got lower ones/);
          return;
        }
        const loss = (at: number) =>
          logLoss(applyTemperature(logits, at, { classes: 3 }), labels, { classes: 3 });
        for (const factor of [0.5, 0.99, 1.01, 2, 1 / temperature]) {
          expect(loss(temperature)).toBeLessThanOrEqual(loss(temperature * factor) * (1 + 1e-9));
        }
      }),
    );
  });

  it('counts weights as repeated examples and leaves out what is missing', () => {
    const { logits, labels } = calibrated(40, 3, 2);
    const twice = fitTemperature([...logits, ...logits.subarray(0, 3)], [...labels, labels[0]!], {
      classes: 3,
    });
    const weights = labels.map((_, i) => (i === 0 ? 2 : 1));
    expect(fitTemperature(logits, labels, { classes: 3, weights })).toBeCloseTo(twice, 12);
    const gap = fitTemperature([...logits, Number.NaN, 1, 2], [...labels, 0], { classes: 3 });
    expect(gap).toBeCloseTo(fitTemperature(logits, labels, { classes: 3 }), 12);
  });

  it('refuses what has no best temperature, and says why', () => {
    expect(() => fitTemperature([1, 2], [1, 1])).toThrow('expected some of 2 examples to be wrong, got none');
    expect(() => fitTemperature([1, 2, 3], [0, 0, 1])).toThrow('Do labels and logits belong together?');
    expect(() => fitTemperature([Number.NEGATIVE_INFINITY], [1])).toThrow('logits must be finite');
    expect(() => fitTemperature([1, 2, 3], [1], { classes: 2 })).toThrow('2 logits for each example, got 3');
    expect(() => applyTemperature([1], 0)).toThrow('greater than 0, got 0');
  });
});

describe('applyTemperature', () => {
  it('is stable for logits of ±1e4', () => {
    const probabilities = applyTemperature([1e4, -1e4, 0, -1e4, -1e4, -1e4], 0.5, { classes: 3 });
    expect([...probabilities]).toEqual([1, 0, 0, 1 / 3, 1 / 3, 1 / 3]);
    expect([...applyTemperature([1e4, -1e4, Number.NaN], 1)]).toEqual([1, 0, Number.NaN]);
  });
});
