import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Box,
  clipBox,
  createAnchors,
  type Detection,
  decodeBox,
  encodeBox,
  type GroundTruth,
  iou,
  meanAveragePrecision,
  suppressOverlaps,
} from '../../src/index.ts';

const coordinate = fc.integer({ min: -50, max: 50 });
const size = fc.integer({ min: 1, max: 60 });
const anyBox = fc.tuple(coordinate, coordinate, size, size).map(([x, y, w, h]): Box => [x, y, x + w, y + h]);
const seeded = { seed: 5, numRuns: 200 };

describe('iou', () => {
  it('by hand', () => {
    expect(iou([0, 0, 10, 10], [5, 0, 15, 10])).toBeCloseTo(1 / 3, 12);
    expect(iou([0, 0, 10, 10], [10, 0, 20, 10])).toBe(0);
    expect(iou([0, 0, 0, 0], [0, 0, 0, 0])).toBe(0);
    expect(iou([0, 0, 4, 4], [1, 1, 3, 3])).toBe(0.25);
  });

  it('counts the pixels that two boxes of whole pixels share', () => {
    const inside = ([x0, y0, x1, y1]: Box, x: number, y: number) => x >= x0 && x < x1 && y >= y0 && y < y1;
    fc.assert(
      fc.property(anyBox, anyBox, (a, b) => {
        let [both, any] = [0, 0];
        for (let y = -50; y < 110; y++) {
          for (let x = -50; x < 110; x++) {
            const [first, second] = [inside(a, x, y), inside(b, x, y)];
            if (first && second) both++;
            if (first || second) any++;
          }
        }
        expect(iou(a, b)).toBeCloseTo(both / any, 12);
        expect(iou(b, a)).toBe(iou(a, b));
      }),
      { seed: 5, numRuns: 30 },
    );
  });
});

describe('boxes and anchors', () => {
  it('a code is undone by decoding', () => {
    fc.assert(
      fc.property(anyBox, anyBox, (box, anchor) => {
        decodeBox(encodeBox(box, anchor), anchor).forEach((value, i) => {
          expect(value).toBeCloseTo(box[i]!, 9);
        });
      }),
      seeded,
    );
  });

  it('a wild code stays finite, and a box without area is refused', () => {
    expect(decodeBox([0, 0, 1e9, 1e9], [0, 0, 1, 1]).every(Number.isFinite)).toBe(true);
    expect(() => encodeBox([0, 0, 0, 5], [0, 0, 1, 1])).toThrow('both boxes must have an area');
  });

  it('anchors stand at the centres of their cells, with the area and ratio asked for', () => {
    const anchors = createAnchors({ rows: 2, columns: 3, stride: 8, sizes: [16, 32], ratios: [0.5, 2] });
    expect(anchors).toHaveLength(2 * 3 * 2 * 2);
    const [x0, y0, x1, y1] = anchors[((1 * 3 + 2) * 2 + 1) * 2 + 1]!;
    expect((x0 + x1) / 2).toBeCloseTo(20, 9);
    expect((y0 + y1) / 2).toBeCloseTo(12, 9);
    expect((x1 - x0) * (y1 - y0)).toBeCloseTo(32 * 32, 9);
    expect((y1 - y0) / (x1 - x0)).toBeCloseTo(2, 12);
    expect(() => createAnchors({ rows: 2, columns: 2, stride: 8, sizes: [] })).toThrow(
      'sizes must be greater than 0',
    );
  });

  it('clipping keeps what is inside', () => {
    expect(clipBox([-5, 2, 30, 40], 20, 30)).toEqual([0, 2, 20, 30]);
  });
});

describe('suppressOverlaps', () => {
  const boxes: Box[] = [
    [0, 0, 10, 10],
    [1, 0, 11, 10],
    [20, 0, 30, 10],
    [0, 0, 10, 10],
  ];

  it('keeps the best of those that overlap', () => {
    expect(suppressOverlaps(boxes, [0.5, 0.9, 0.1, 0.5])).toEqual([1, 2]);
    expect(suppressOverlaps(boxes, [0.5, 0.9, 0.1, 0.5], { maxIou: 0.9 })).toEqual([1, 0, 2]);
    expect(suppressOverlaps(boxes, [0.5, 0.9, 0.1, 0.5], { minScore: 0.2 })).toEqual([1]);
    expect(suppressOverlaps(boxes, [0.5, 0.9, 0.1, Number.NaN], { maxIou: 0.9, maxBoxes: 2 })).toEqual([
      1, 0,
    ]);
    expect(() => suppressOverlaps(boxes, [1])).toThrow('a score for each box, got 1 for 4');
  });

  it('no two kept boxes overlap by more than allowed, and every dropped one overlaps a better kept one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyBox, fc.integer({ min: 0, max: 9 })), { maxLength: 25 }), (made) => {
        const all = made.map(([box]) => box);
        const scores = made.map(([, score]) => score);
        const kept = suppressOverlaps(all, scores, { maxIou: 0.3 });
        for (const a of kept)
          for (const b of kept) if (a !== b) expect(iou(all[a]!, all[b]!)).toBeLessThanOrEqual(0.3);
        for (let i = 0; i < all.length; i++) {
          if (kept.includes(i)) continue;
          expect(kept.some((k) => scores[k]! >= scores[i]! && iou(all[k]!, all[i]!) > 0.3)).toBe(true);
        }
      }),
      seeded,
    );
  });
});

describe('meanAveragePrecision', () => {
  const truth = (image: number, box: Box, more: Partial<GroundTruth> = {}): GroundTruth => ({
    image,
    label: 'a',
    box,
    ...more,
  });
  const found = (image: number, box: Box, score: number, label = 'a'): Detection => ({
    image,
    label,
    box,
    score,
  });
  const unit: Box = [0, 0, 10, 10];
  const far: Box = [50, 50, 60, 60];

  it('is 1 for a perfect detector and 0 for one that finds nothing', () => {
    expect(meanAveragePrecision([truth(1, unit)], [found(1, unit, 0.1)])).toEqual({
      mean: 1,
      at50: 1,
      at75: 1,
      byLabel: { a: 1 },
    });
    expect(meanAveragePrecision([truth(1, unit)], [])).toMatchObject({ mean: 0 });
    expect(meanAveragePrecision([], [found(1, unit, 1)]).mean).toBeNaN();
  });

  it('by hand: hit, miss, hit of two things gives (51 + 50 · 2/3) / 101', () => {
    const result = meanAveragePrecision(
      [truth(1, unit), truth(2, unit)],
      [found(1, unit, 0.9), found(1, far, 0.8), found(2, unit, 0.7)],
    );
    expect(result.at50).toBeCloseTo((51 + (50 * 2) / 3) / 101, 12);
  });

  it('counts a box of IoU 0.6 at the thresholds up to 0.6 only', () => {
    const { mean, at50, at75 } = meanAveragePrecision(
      [truth(1, [0, 0, 10, 10])],
      [found(1, [0, 0, 10, 6], 1)],
    );
    expect(at50).toBe(1);
    expect(at75).toBe(0);
    expect(mean).toBeCloseTo(0.3, 12);
  });

  it('a second detection of the same thing is wrong', () => {
    const twice = meanAveragePrecision(
      [truth(1, unit), truth(1, far)],
      [found(1, unit, 0.9), found(1, unit, 0.8)],
    );
    expect(twice.at50).toBeCloseTo(51 / 101, 12);
  });

  it('things to ignore count neither as found nor as missed', () => {
    const crowd = truth(1, [40, 40, 80, 80], { ignore: true });
    const result = meanAveragePrecision(
      [truth(1, unit), crowd],
      [found(1, far, 0.9), found(1, far, 0.85), found(1, unit, 0.5)],
    );
    expect(result.mean).toBe(1);
  });

  it('a detection without area is wrong, also where there is something to ignore', () => {
    const crowd = truth(1, [40, 40, 80, 80], { ignore: true });
    const flat = found(1, [50, 50, 50, 60], 0.9);
    const result = meanAveragePrecision([truth(1, unit), crowd], [flat, found(1, unit, 0.5)]);
    expect(result.mean).toBe(0.5);
  });

  it('averages over classes that are there', () => {
    const result = meanAveragePrecision(
      [truth(1, unit), truth(1, far, { label: 'b' })],
      [found(1, unit, 0.9), found(1, unit, 0.9, 'c')],
    );
    expect(result.byLabel).toEqual({ a: 1, b: 0 });
    expect(result.mean).toBe(0.5);
  });

  it('depends on the order of scores alone', () => {
    const truths = [truth(1, unit), truth(2, far), truth(3, unit)];
    const detections = [found(1, unit, 0.2), found(2, unit, 0.4), found(3, [1, 0, 10, 10], 0.6)];
    const squared = detections.map((each) => ({ ...each, score: each.score ** 2 }));
    expect(meanAveragePrecision(truths, squared)).toEqual(meanAveragePrecision(truths, detections));
  });
});
