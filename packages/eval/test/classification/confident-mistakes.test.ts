import { describe, expect, it } from 'vitest';
import { confusionMatrix, logLoss, mostConfidentMistakes } from '../../src/index.ts';
import { chartSvg, confusionChart } from '../../src/report.ts';

describe('mostConfidentMistakes', () => {
  it('gives wrong examples, the surest first, and of equally sure ones the earlier', () => {
    const probabilities = [
      ...[0.6, 0.3, 0.1], // right
      ...[0.1, 0.5, 0.4], // 1 for 2
      ...[0.9, 0.0, 0.1], // 0 for 1
      ...[0.2, 0.3, 0.5], // 2 for 0
      ...[Number.NaN, 0.5, 0.5], // missing
    ];
    const labels = [0, 2, 1, 0, 0];
    const all = mostConfidentMistakes(probabilities, labels, { classes: 3 });
    expect(all.map(({ index }) => index)).toEqual([2, 1, 3]);
    expect(all[0]).toEqual({ index: 2, predicted: 0, actual: 1, probability: 0.9, actualProbability: 0 });
    expect(mostConfidentMistakes(probabilities, labels, { classes: 3, count: 1 })).toEqual([all[0]]);
  });

  it('takes one probability as that of label 1', () => {
    const mistakes = mostConfidentMistakes([0.9, 0.2, 0.4], [0, 1, 0]);
    expect(mistakes.map(({ index, predicted }) => [index, predicted])).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(mistakes[1]!.probability).toBeCloseTo(0.8, 15);
  });

  it('refuses logits and a count of 0', () => {
    expect(() => mostConfidentMistakes([3, -1], [1], { classes: 2 })).toThrow('Apply softmax or sigmoid');
    expect(() => mostConfidentMistakes([0.1], [1], { count: 0 })).toThrow('count must be a whole number');
  });
});

describe('logLoss', () => {
  it('gives the case worked out by hand', () => {
    expect(logLoss([0.8, 0.3], [1, 0])).toBeCloseTo(-(Math.log(0.8) + Math.log(0.7)) / 2, 15);
    expect(logLoss([0.5, 0.3, 0.2, 0.1, 0.1, 0.8], [0, 2], { classes: 3, weights: [3, 1] })).toBeCloseTo(
      -(3 * Math.log(0.5) + Math.log(0.8)) / 4,
      15,
    );
    expect(logLoss([0], [1])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('confusionChart', () => {
  it('colours by the share of the class and prints counts', async () => {
    const matrix = confusionMatrix([0, 0, 1, 1], [0, 0, 0, 1], { classes: 3 });
    const spec = confusionChart({ matrix, names: ['cat', 'dog', 'owl'] });
    const layers = spec.layer as { data: { values: Record<string, number>[] } }[];
    const [cells, counts] = layers;
    expect(cells!.data.values.slice(0, 2)).toEqual([
      { row: 0, column: 0, value: 2 / 3 },
      { row: 0, column: 1, value: 1 / 3 },
    ]);
    // No owl was seen: its row is empty.
    expect(cells!.data.values.some(({ row }) => row === 2)).toBe(false);
    expect(counts!.data.values.map(({ count }) => count)).toEqual([2, 1, 1]);
    const weighted = confusionMatrix([0, 1], [0, 0], { classes: 2, weights: [12_345, 0.125] });
    const [, printed] = confusionChart({ matrix: weighted }).layer as typeof layers;
    expect(printed!.data.values.map(({ count }) => count)).toEqual([12_345, 0.13]);
    const { html } = await chartSvg(spec);
    for (const text of ['>owl<', '>Predicted<', '>2<']) expect(html).toContain(text);
    expect(() => confusionChart({ matrix, names: ['cat'] })).toThrow('each of 3 classes, got 1');
  });
});
