import { describe, expect, it } from 'vitest';
import { attributionMap, createImage, heatImage, overlayHeatMap } from '../../src/index.ts';

/** Lightness, from 0 to 1, in Oklab (Ottosson 2020): the forward way, from sRGB. */
function lightness([r, g, b]: ArrayLike<number> & Iterable<number>): number {
  const [lr, lg, lb] = [r!, g!, b!].map((value) => {
    const v = value / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const l = Math.cbrt(0.4122214708 * lr + 0.5363325363 * lg + 0.0514459929 * lb);
  const m = Math.cbrt(0.2119034982 * lr + 0.6806995451 * lg + 0.1073969566 * lb);
  const s = Math.cbrt(0.0883024619 * lr + 0.2817188376 * lg + 0.6299787005 * lb);
  return 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s;
}

const ramp = (values: number[]) => ({ height: 1, width: values.length, data: Float32Array.from(values) });
const pixel = ({ data }: { data: ArrayLike<number> }, i: number) =>
  Array.from({ length: 3 }, (_, c) => data[3 * i + c]!);

describe('heatImage', () => {
  it('makes equal steps of a number equal steps of lightness, to 1 % of the range', () => {
    const heat = heatImage(ramp(Array.from({ length: 11 }, (_, i) => i)));
    for (let i = 0; i <= 10; i++) {
      expect(Math.abs(lightness(pixel(heat, i)) - (0.15 + 0.08 * i)), `step ${i}`).toBeLessThan(0.01);
    }
    const both = heatImage(ramp(Array.from({ length: 11 }, (_, i) => i - 5)));
    for (let i = 0; i <= 10; i++) {
      expect(Math.abs(lightness(pixel(both, i)) - (0.97 - 0.1 * Math.abs(i - 5)))).toBeLessThan(0.01);
    }
    const [negative, positive] = [pixel(both, 0), pixel(both, 10)];
    expect(negative[2]! - negative[0]!).toBeGreaterThan(100);
    expect(positive[0]! - positive[2]!).toBeGreaterThan(100);
  });

  it('shows the same value in the same colour over one range, and cuts what is above', () => {
    const alone = heatImage(ramp([0, 1]), { range: 4 });
    const beside = heatImage(ramp([1, 4, 9]), { range: 4 });
    expect(pixel(alone, 1)).toEqual(pixel(beside, 0));
    expect(pixel(beside, 1)).toEqual(pixel(beside, 2));
  });

  it('shows maps of zeros, and grey ones', () => {
    expect(pixel(heatImage(ramp([0, 0])), 0)).toEqual(pixel(heatImage(ramp([0, 5])), 0));
    const grey = heatImage(ramp([-2, 0, 2]), { colours: 'grey' });
    expect([0, 1, 2].map((i) => pixel(grey, i)[0])).toEqual([0, 128, 255]);
    expect(pixel(heatImage(ramp([-5, 1]), { colours: 'heat' }), 0)).toEqual(
      pixel(heatImage(ramp([0, 1])), 0),
    );
  });

  it('refuses values that are no numbers, and other counts', () => {
    expect(() => heatImage({ height: 1, width: 3, data: Float32Array.of(1, Number.NaN, 2) })).toThrow(
      'heatImage: values must be finite, got NaN in row 0, column 1.',
    );
    expect(() => heatImage({ height: 2, width: 2, data: new Float32Array(3) })).toThrow(
      'needs 4 values, got 3',
    );
  });
});

describe('overlayHeatMap', () => {
  const image = createImage({ height: 1, width: 2, channels: 1, data: Uint8Array.of(0, 200) });

  it('mixes picture and colours by opacity and value, and leaves the picture alone at 0', () => {
    const map = ramp([4, 0]);
    expect([...overlayHeatMap(image, map, { opacity: 0 }).data]).toEqual([0, 0, 0, 200, 200, 200]);
    const most = pixel(heatImage(map), 0);
    expect([...overlayHeatMap(image, map, { opacity: 1 }).data]).toEqual([...most, 200, 200, 200]);
    const half = overlayHeatMap(image, ramp([2, 0]), { opacity: 0.5, range: 4 });
    for (const [c, value] of pixel(heatImage(ramp([2, 0]), { range: 4 }), 0).entries()) {
      expect(Math.abs(half.data[c]! - value / 4)).toBeLessThanOrEqual(0.5);
    }
    expect(pixel(overlayHeatMap(image, ramp([-4, 4])), 0)).toEqual(
      pixel(heatImage(ramp([-4, 4])), 0).map((value) => Math.round(0.7 * value)),
    );
  });

  it('refuses a map of another size', () => {
    expect(() => overlayHeatMap(image, ramp([1]))).toThrow('as large as the picture, 1 × 2, got 1 × 1');
    expect(() => overlayHeatMap(image, ramp([1, 2]), { opacity: 2 })).toThrow(
      'opacity must be from 0 to 1, got 2',
    );
  });
});

describe('attributionMap', () => {
  it('adds up the channels', () => {
    const data = Float32Array.of(1, 2, 3, -4, 5, -6);
    expect(attributionMap({ data, shape: [1, 1, 2, 3] })).toEqual({
      height: 1,
      width: 2,
      data: Float32Array.of(6, -5),
    });
    expect(() => attributionMap({ data, shape: [2, 1, 1, 3] })).toThrow('the values of one picture');
  });
});
