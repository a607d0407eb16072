import * as tf from '@tensorflow/tfjs-core';
import { arraySamples, createRandom } from '@tidecast/data';
import { createModel } from '@tidecast/models';
import { adam, fit, type Loss, predict } from '@tidecast/train';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { boxLoss, cnnClassifier } from '../../src/index.ts';

setUpBackend();

const lossOf = (loss: Loss, o: number[][], y: number[][], weight?: number[][]) =>
  tf.tidy(() => loss.apply(tf.tensor2d(o), tf.tensor2d(y), weight && tf.tensor2d(weight)).dataSync()[0]!);

/** Bright or dim rectangles on dark pictures of 12 × 12, their boxes in shares, and which of the two they are. */
function rectangles(count: number, seed: number) {
  const random = createRandom(seed, 'rectangles');
  const x = new Float32Array(count * 144);
  const y = new Float32Array(count * 6);
  for (let n = 0; n < count; n++) {
    const [x0, y0] = [random.integer(7), random.integer(7)];
    const [x1, y1] = [x0 + 2 + random.integer(4), y0 + 2 + random.integer(4)];
    const bright = random.integer(2);
    for (let i = 0; i < 144; i++) {
      const [row, column] = [Math.floor(i / 12), i % 12];
      if (row >= y0 && row < y1 && column >= x0 && column < x1) x[n * 144 + i] = bright ? 1 : 0.5;
    }
    y.set([x0 / 12, y0 / 12, x1 / 12, y1 / 12, 1 - bright, bright], 6 * n);
  }
  return arraySamples({ x: { data: x, shape: [count, 12, 12, 1] }, y: { data: y, shape: [count, 6] } });
}

describe('boxLoss', () => {
  it('is smooth L1 of the box and cross-entropy of the class, as worked out by hand', () => {
    const target = [0.5, 0.5, 0.5, 0.5, 0, 1];
    // 0.05²/0.2 = 0.0125, 0.3 − 0.05 = 0.25, twice 0: a mean of 0.065625. Logits 0 and 0: ln 2.
    const output = [0.55, 0.2, 0.5, 0.5, 0, 0];
    expect(lossOf(boxLoss({ classes: 2 }), [output], [target])).toBeCloseTo(0.065625 + Math.log(2), 6);
    expect(lossOf(boxLoss({ boxWeight: 3 }), [output.slice(0, 4)], [target.slice(0, 4)])).toBeCloseTo(
      0.196875,
      6,
    );
    // A picture without a box has a class alone, and one without anything nothing.
    expect(lossOf(boxLoss({ classes: 2 }), [output], [target], [[0, 0, 0, 0, 1, 1]])).toBeCloseTo(
      Math.log(2),
      6,
    );
    expect(lossOf(boxLoss({ classes: 2 }), [output], [target], [[0, 0, 0, 0, 0, 0]])).toBe(0);
  });

  it('learns where and what, and planned as on the tape', async () => {
    const [samples, unseen] = [rectangles(300, 1), rectangles(100, 2)];
    const loss = boxLoss({ classes: 2 });
    const runs: number[][] = [];
    for (const [epochs, each] of [
      [40, loss],
      [2, { config: loss.config, apply: loss.apply }],
    ] as const) {
      const config = cnnClassifier({
        ...{
          input: [12, 12, 1],
          head: { type: 'box', classes: 2 },
          filters: [8],
          padding: 'same',
          units: [32],
        },
      });
      const model = createModel(config, { seed: 1 });
      const { epochs: records } = await fit(model, samples, {
        ...{ loss: each, optimizer: adam({ learningRate: 0.003 }), epochs, batchSize: 20, seed: 1 },
      });
      runs.push(records.map((record) => record.loss));
      if (epochs > 2) {
        const { data } = await predict(model, unseen);
        const { data: truth } = unseen.batch(Uint32Array.from({ length: 100 }, (_, i) => i)).y;
        let [off, right] = [0, 0];
        for (let n = 0; n < 100; n++) {
          for (let k = 0; k < 4; k++) off += Math.abs(data[6 * n + k]! - truth[6 * n + k]!) / 400;
          right += Number(data[6 * n + 5]! > data[6 * n + 4]! === truth[6 * n + 5]! > 0.5);
        }
        // Boxes that are off by half a pixel, and hardly a wrong class.
        expect(off).toBeLessThan(0.5 / 12);
        expect(right).toBeGreaterThan(90);
      }
      model.dispose();
    }
    expect(runs[1]![0]! / runs[0]![0]!).toBeCloseTo(1, 4);
    expect(runs[1]![1]! / runs[0]![1]!).toBeCloseTo(1, 3);
  });

  it('refuses settings out of bounds, and other shapes', () => {
    expect(() => boxLoss({ classes: -1 })).toThrow('classes must be a whole number from 0, got -1');
    expect(() => boxLoss({ boxWeight: 0 })).toThrow('boxWeight must be a number above 0, got 0');
    expect(() => lossOf(boxLoss({ classes: 2 }), [[0, 0, 0, 0]], [[0, 0, 0, 0]])).toThrow(
      'must be [B, 6], a box and 2 classes, got [B, 4] and [B, 4]',
    );
  });
});
