import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { createLoss, crossEntropy, focal, huber, type Loss, losses, mae, mse } from '../../src/index.ts';

setUpBackend();

const pointwise: Record<string, (r: number, delta: number) => { value: number; slope: number }> = {
  mse: (r) => ({ value: r * r, slope: 2 * r }),
  mae: (r) => ({ value: Math.abs(r), slope: Math.sign(r) }),
  huber: (r, delta) => ({
    value: Math.abs(r) <= delta ? (r * r) / 2 : delta * (Math.abs(r) - delta / 2),
    slope: Math.max(-delta, Math.min(delta, r)),
  }),
};

/** Σ w·l / Σ w and its slope by each output, in float64. */
function reference(type: string, delta: number, rows: readonly number[][]) {
  const total = rows.reduce((sum, [, , w]) => sum + w!, 0);
  const each = rows.map(([o, y, w]) => ({ w: w!, ...pointwise[type]!(o! - y!, delta) }));
  return {
    value: each.reduce((sum, { w, value }) => sum + w * value, 0) / total,
    slopes: each.map(({ w, slope }) => (w * slope) / total),
  };
}

// On a grid: ties come up, and no number is so small that a backend takes it for 0.
const number = fc.integer({ min: -5000, max: 5000 }).map((n) => n / 1024);
const weight = fc.constantFrom(0, 0.5, 1, 3);
const rows = fc
  .array(fc.tuple(number, number, weight), { minLength: 1, maxLength: 12 })
  .filter((each) => each.some(([, , w]) => w > 0));

describe.each([
  ['mse', mse(), 1],
  ['mae', mae(), 1],
  ['huber δ 1', huber(), 1],
  ['huber δ 0.3', huber({ delta: 0.3 }), 0.3],
] as [string, Loss, number][])('%s', (_, loss, delta) => {
  it.each([true, false])('agrees with a float64 loop, value and gradient, weighted: %s', (weighted) => {
    fc.assert(
      fc.property(rows, (each) => {
        const used = each.map(([o, y, w]) => [o, y, weighted ? w : 1]);
        const column = (k: number) =>
          tf.tensor2d(
            Float32Array.from(used, (row) => row[k]!),
            [used.length, 1],
          );
        const [output, y, w] = [column(0), column(1), column(2)];
        const { value, grad } = tf.valueAndGrad((o: tf.Tensor) => loss.apply(o, y, weighted ? w : undefined))(
          output,
        );
        const expected = reference(loss.config.type, delta, used);
        const slopes = grad.dataSync();
        expect(Math.abs(value.dataSync()[0]! - expected.value)).toBeLessThan(
          2e-6 * Math.max(1, expected.value),
        );
        expected.slopes.forEach((slope, i) => {
          expect(Math.abs(slopes[i]! - slope)).toBeLessThan(2e-6 * Math.max(1, Math.abs(slope)));
        });
        tf.dispose([output, y, w, value, grad]);
      }),
      { numRuns: 40 },
    );
  });

  it('is rebuilt from its config', () => {
    expect(createLoss(JSON.parse(JSON.stringify(loss.config))).config).toEqual(loss.config);
  });
});

describe('losses', () => {
  it('have slope 0 where output and target are equal', () => {
    for (const type of Object.keys(pointwise)) {
      const loss = losses[type]!({ type });
      const slope = tf.tidy(() =>
        tf
          .grad((o: tf.Tensor) => loss.apply(o, tf.tensor1d([1])))(tf.tensor1d([1]))
          .dataSync(),
      );
      expect(Math.abs(slope[0]!)).toBe(0);
    }
  });

  it('refuse outputs that are not shaped like the targets', () => {
    expect(() => tf.tidy(() => mse().apply(tf.zeros([2, 12, 1]), tf.zeros([2, 12])))).toThrow(
      "mse: the model's output must have the shape of the targets, [2, 12], got [2, 12, 1].",
    );
  });

  it.each([
    ['crossEntropy', crossEntropy()],
    ['focal', focal()],
  ])('refuse one class alone, and numbers of classes, %s', (type, loss) => {
    for (const outputs of [1, 3]) {
      expect(() => tf.tidy(() => loss.apply(tf.zeros([2, outputs]), tf.zeros([2, 1])))).toThrow(
        `${type}: targets must be one-hot over at least 2 classes on their last axis, got 1.`,
      );
    }
  });

  it('refuse unknown types and bad settings', () => {
    expect(() => createLoss({ type: 'hinge' })).toThrow(
      /^loss: type must be one of mse, mae, huber, crossEntropy, .*, got 'hinge'\.$/,
    );
    expect(() => huber({ delta: 0 })).toThrow('huber: delta must be a finite number greater than 0, got 0.');
  });
});
