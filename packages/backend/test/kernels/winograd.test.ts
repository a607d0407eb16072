// Convolutions by Winograd's minimal filtering: when they take place, and how exact they are.

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Geometry } from '../reference/kernels.ts';
import { geometryOf, type Pad } from '../reference/support.ts';
import { type Check, checkConvolution, type Results, runConvolution } from './check-convolution.ts';
import { convolutionNumbers } from './convolution-numbers.ts';
import { createTestKernels, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});
beforeEach(() => test.reset());

type Size = [batch: number, height: number, width: number];

/** Taps, strides and dilations that are not those of tiles. */
type Other = Partial<Record<'taps' | 'strides' | 'dilations', [number, number]>>;

/** Whether a convolution by `[3, 3]` goes through tiles. */
function taken(
  [B, H, W]: Size,
  C: number,
  K: number,
  pad: Pad = 'valid',
  { taps = [3, 3], strides = [1, 1], dilations = [1, 1] }: Other = {},
): boolean {
  const geometry = geometryOf([B, H, W, C], [...taps, C, K], strides, pad, dilations);
  return Boolean(test.kernels.winogradWins(...convolutionNumbers(geometry)));
}

/** Forward and both gradients beside float64 loops, where they do go through tiles. */
function check([B, H, W]: Size, C: number, K: number, pad: Pad = 'valid', options: Check = {}) {
  expect(taken([B, H, W], C, K, pad), `tiles for ${B} × ${H} × ${W} × ${C} → ${K}`).toBe(true);
  checkConvolution(test, [B, H, W, C], [3, 3, C, K], { pad, bound: 2e-6, ...options });
}

describe('tiles are taken', () => {
  it('for the second convolution of an MNIST-size network, in whole batches and for one digit', () => {
    expect(taken([64, 13, 13], 24, 36)).toBe(true);
    expect(taken([1, 13, 13], 24, 36)).toBe(true);
    expect(taken([64, 28, 28], 1, 24)).toBe(false);
  });

  it('by 3 × 3 taps without strides and dilation alone', () => {
    expect(taken([8, 16, 16], 32, 32, 'same')).toBe(true);
    for (const taps of [
      [1, 1],
      [3, 2],
      [2, 3],
      [1, 3],
      [5, 5],
    ] as [number, number][])
      expect(taken([8, 16, 16], 32, 32, 'same', { taps }), `${taps}`).toBe(false);
    for (const pair of [
      [1, 2],
      [2, 1],
      [2, 2],
    ] as [number, number][]) {
      expect(taken([8, 16, 16], 32, 32, 'same', { strides: pair })).toBe(false);
      expect(taken([8, 16, 16], 32, 32, 'same', { dilations: pair })).toBe(false);
    }
  });

  it('where there are enough channels, filters and outputs', () => {
    for (const few of [1, 2, 3]) expect(taken([16, 28, 28], few, 64, 'same')).toBe(false);
    expect(taken([16, 28, 28], 64, 1, 'same')).toBe(false);
    expect(taken([16, 28, 28], 8, 8, 'same')).toBe(true);
    expect(taken([1, 1, 1], 64, 64, 'same')).toBe(false);
    expect(taken([16, 2, 2], 64, 64, 'same')).toBe(false);
    expect(taken([1, 7, 7], 512, 512, 'same')).toBe(false);
    expect(taken([0, 13, 13], 24, 36)).toBe(false);
  });

  it('by larger batches wherever smaller ones take them: their scratch is enough for both', () => {
    for (const C of [4, 8, 16, 33, 64, 300])
      for (const side of [3, 5, 8, 13]) {
        let before = false;
        let floats = 0;
        for (const B of [1, 2, 3, 5, 8, 16, 64, 200]) {
          const now = taken([B, side, side], C, C, 'same');
          expect(Number(now)).toBeGreaterThanOrEqual(Number(before));
          const numbers = convolutionNumbers(
            geometryOf([B, side, side, C], [3, 3, C, C], [1, 1], 'same', [1, 1]),
          );
          const needed = test.kernels.convolutionScratch(...numbers);
          expect(needed).toBeGreaterThanOrEqual(floats);
          [before, floats] = [now, needed];
        }
      }
  });
});

describe('tiles: relative error < 2e-6 beside float64 loops', () => {
  it('all channels from 1 to 40, on both sides of the choice', () => {
    let tiled = 0;
    for (let C = 1; C <= 40; C++) {
      const K = [24, 17, 8, 21, 16][C % 5]!;
      if (taken([2, 12, 12], C, K, 1)) tiled++;
      checkConvolution(test, [2, 12, 12, C], [3, 3, C, K], { pad: 1, bound: 2e-6 });
    }
    expect(tiled).toBeGreaterThan(20);
    expect(tiled).toBeLessThan(40);
  });

  it('filters of all remainders', () => {
    for (let K = 17; K <= 40; K += K < 24 ? 1 : 8) check([2, 8, 12], 24, K, 1);
  });

  for (const B of [1, 2, 3, 4, 5]) {
    it(`heights and widths that end inside a tile, batch ${B}`, () => {
      for (const [H, W] of [
        [13, 13],
        [14, 17],
        [17, 14],
        [31, 11],
        [10, 38],
      ] as const)
        check([B, H, W], 16, 20);
    });
  }

  it('padding: none, 1, 2 and beyond, the same and not the same on all sides', () => {
    for (const pad of ['same', 0, 1, 2, [0, 1, 2, 0], [2, 0, 0, 1], [3, 3, 3, 3], [6, 0, 7, 5]] as Pad[])
      for (const [H, W] of [
        [12, 12],
        [11, 13],
      ] as const)
        check([3, H, W], 20, 20, pad);
  });

  it.each([
    ['more tiles than one block', [3, 26, 26], 33, 21, 'same'],
    ['blocks of few tiles', [1, 12, 14], 130, 100, 'same'],
    ['one row of tiles', [3, 4, 50], 32, 40, 'same'],
    ['one tile an image', [25, 4, 4], 32, 24, 'same'],
  ] as [string, Size, number, number, Pad][])('%s', (_, size, C, K, pad) => {
    check(size, C, K, pad);
  });

  it('values of one sign', () => {
    check([4, 13, 13], 24, 36, 'valid', { positive: true });
    check([1, 15, 16], 64, 48, 'same', { positive: true });
  });
});

it('tiles give the same bits whatever was in the scratch before', () => {
  for (const [C, K] of [
    [24, 36],
    [21, 19],
  ] as const) {
    const geometry: Geometry = geometryOf([3, 14, 15, C], [3, 3, C, K], [1, 1], 1, [1, 1]);
    expect(taken([3, 14, 15], C, K, 1)).toBe(true);
    const bits = ({ y, bare, dx, dw, db }: Results) =>
      Buffer.concat([y, bare, dx, dw, db].map((values) => new Uint8Array(values.buffer)));
    const first = bits(runConvolution(test, geometry));
    for (const scratch of [undefined, 0, 1e30, Number.NaN, Number.NEGATIVE_INFINITY])
      expect(bits(runConvolution(test, geometry, { scratch })).equals(first), `scratch of ${scratch}`).toBe(
        true,
      );
  }
});
