import { describe, expect, it } from 'vitest';
import { areaOf, type Box, generateScene, iou, SCENE_CLASSES, SCENE_KINDS } from '../../src/index.ts';
import { polygonCoverage } from '../../src/scenes/polygon-coverage.ts';

const seeds = Array.from({ length: 30 }, (_, i) => i + 1);
const meanOf = (data: ArrayLike<number>) =>
  Array.from(data).reduce((sum, each) => sum + each, 0) / data.length;

describe('polygonCoverage', () => {
  it('covers by as much as the polygon has area, wherever it stands', () => {
    for (const shift of [0, 0.25, 0.4, -3.7]) {
      const points = [
        [1, 1],
        [9, 2.5],
        [5, 8],
      ].map(([x, y]) => [x! + shift, y! - shift] as const);
      const { data } = polygonCoverage(points);
      const covered = data.reduce((sum, each) => sum + each, 0);
      // Shoelace: 8 · 7 − 4 · 1.5 = 50, halved.
      expect(covered).toBeCloseTo(25, 0);
      expect(Math.max(...data)).toBeLessThanOrEqual(1 + 1e-6);
    }
  });

  it('is exact along rows: half a pixel to the right moves half the edge', () => {
    const { left, top, width, data } = polygonCoverage([
      [0.5, 0],
      [2.75, 0],
      [2.75, 1],
      [0.5, 1],
    ]);
    expect([left, top, width]).toEqual([0, 0, 3]);
    expect(Array.from(data)).toEqual([0.5, 1, 0.75]);
  });
});

describe('generateScene', () => {
  it('the same seed gives the same scene, another seed another one', () => {
    for (const kind of SCENE_KINDS) {
      expect(generateScene({ seed: 3, kind })).toEqual(generateScene({ seed: 3, kind }));
      expect(generateScene({ seed: 4, kind }).image.data).not.toEqual(
        generateScene({ seed: 3, kind }).image.data,
      );
    }
  });

  it('boxes lie in the picture, and there is a known label, a share and a flag for each', () => {
    for (const kind of SCENE_KINDS) {
      for (const seed of seeds) {
        const { image, boxes, labels, visible, ignore } = generateScene({ seed, kind, size: 64 });
        expect(image.data).toHaveLength(64 * 64 * 3);
        expect([labels.length, visible.length, ignore.length]).toEqual([
          boxes.length,
          boxes.length,
          boxes.length,
        ]);
        boxes.forEach(([x0, y0, x1, y1], i) => {
          expect(x0).toBeGreaterThanOrEqual(0);
          expect(y0).toBeGreaterThanOrEqual(0);
          expect(x1).toBeLessThanOrEqual(64);
          expect(y1).toBeLessThanOrEqual(64);
          expect(areaOf([x0, y0, x1, y1])).toBeGreaterThan(0);
          expect(SCENE_CLASSES).toContain(labels[i]);
          expect(ignore[i]).toBe(visible[i]! < 0.35);
        });
      }
    }
  });

  it('a box is where the thing is: a scene with it and without it differ inside, and only there', () => {
    let [inside, outside] = [0, 0];
    for (const seed of seeds) {
      const [empty, one] = [0, 1].map((count) => generateScene({ seed, count, size: 64 }));
      const [box] = one!.boxes;
      if (!box) continue;
      // Noise is drawn after the things, so it differs: what counts is a large difference.
      for (let i = 0; i < 64 * 64; i++) {
        const [x, y] = [i % 64, Math.floor(i / 64)];
        const differs = [0, 1, 2].some(
          (c) => Math.abs(one!.image.data[3 * i + c]! - empty!.image.data[3 * i + c]!) > 30,
        );
        if (!differs) continue;
        const [x0, y0, x1, y1] = box as Box;
        if (x >= x0 - 1 && x < x1 + 1 && y >= y0 - 1 && y < y1 + 1) inside++;
        else outside++;
      }
    }
    expect(inside).toBeGreaterThan(1000);
    expect(outside).toBe(0);
  });

  it('plain things stand apart; in a crowd there are many, and some are hidden', () => {
    const overlaps = (kind: (typeof SCENE_KINDS)[number]) =>
      seeds.flatMap((seed) => {
        const { boxes } = generateScene({ seed, kind });
        return boxes.flatMap((a, i) => boxes.slice(i + 1).map((b) => iou(a, b)));
      });
    expect(Math.max(...overlaps('plain'))).toBeLessThan(0.05);
    expect(Math.max(...overlaps('crowded'))).toBeGreaterThan(0.3);
    const crowds = seeds.map((seed) => generateScene({ seed, kind: 'crowded' }));
    expect(meanOf(crowds.map(({ boxes }) => boxes.length))).toBeGreaterThan(6);
    const visible = crowds.flatMap((scene) => scene.visible);
    expect(visible.filter((share) => share < 0.8).length).toBeGreaterThan(20);
    expect(crowds.some(({ ignore }) => ignore.includes(true))).toBe(true);
  });

  it('a dark scene is dark, an overexposed one is cut off at white', () => {
    const white = ({ image }: ReturnType<typeof generateScene>) =>
      Array.from(image.data).filter((value) => value === 255).length / image.data.length;
    const of = (kind: (typeof SCENE_KINDS)[number]) => seeds.map((seed) => generateScene({ seed, kind }));
    expect(meanOf(of('dark').map(({ image }) => meanOf(image.data)))).toBeLessThan(50);
    expect(meanOf(of('overexposed').map(white))).toBeGreaterThan(0.1);
    expect(meanOf(of('plain').map(white))).toBeLessThan(0.01);
  });

  it('things are as large as they are asked for', () => {
    const longest = (scale: readonly [number, number]) =>
      seeds.flatMap((seed) =>
        generateScene({ seed, scale, count: 2 }).boxes.map(([x0, y0, x1, y1]) => Math.max(x1 - x0, y1 - y0)),
      );
    expect(Math.max(...longest([0.1, 0.12]))).toBeLessThan(16);
    expect(meanOf(longest([0.6, 0.7]))).toBeGreaterThan(40);
  });

  it('refuses what makes no sense', () => {
    expect(() => generateScene({ seed: 1, size: 8 })).toThrow('size must be a whole number from 32');
    expect(() => generateScene({ seed: 1, kind: 'foggy' as 'dark' })).toThrow(
      'kind must be one of plain, crowded',
    );
    expect(() => generateScene({ seed: 1, count: -1 })).toThrow('count must be a whole number');
    expect(() => generateScene({ seed: 1, scale: [0.5, 0.2] })).toThrow('scale must rise');
  });
});
