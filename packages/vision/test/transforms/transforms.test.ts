import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  affineMatrix,
  type Box,
  createImage,
  crop,
  type Image,
  recolour,
  resize,
  type TransformConfig,
  transform,
  transformBoxed,
  warp,
} from '../../src/index.ts';

interface Case {
  shape: [number, number, 1 | 3 | 4];
  to: [number, number];
  settings: Parameters<typeof affineMatrix>[0];
  image: number[];
  result: number[];
}
const golden = JSON.parse(readFileSync(new URL('./golden/golden.json', import.meta.url), 'utf8')) as {
  resize: Case[];
  affine: Case[];
};
const imageOf = ([height, width, channels]: Case['shape'], data: number[]): Image =>
  createImage({ height, width, channels, data: Float32Array.from(data) });

function worst(got: ArrayLike<number>, wanted: readonly number[]): number {
  expect(got.length).toBe(wanted.length);
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
}

const numbered = (height: number, width: number, channels: 1 | 3 | 4 = 1): Image =>
  createImage({
    height,
    width,
    channels,
    data: Uint8Array.from({ length: height * width * channels }, (_, i) => (i * 7) % 256),
  });

describe('resize and warp', () => {
  for (const { shape, to, image, result } of golden.resize) {
    it(`resize [${shape}] to [${to}] is PyTorch's antialiased bilinear one within 1e-3 of 255`, () => {
      const [height, width] = to;
      expect(worst(resize(imageOf(shape, image), { height, width }).data, result)).toBeLessThan(1e-3);
    });
  }
  for (const { shape, settings, image, result } of golden.affine) {
    it(`warp ${JSON.stringify(settings)} is PyTorch's grid_sample within 1e-3 of 255`, () => {
      const matrix = affineMatrix(settings, shape[0], shape[1]);
      expect(worst(warp(imageOf(shape, image), matrix).data, result)).toBeLessThan(1e-3);
    });
  }

  it('refuses sizes and matrices that make no sense', () => {
    expect(() => resize(numbered(2, 2), { height: 0, width: 3 })).toThrow(
      'height must be a whole number from 1, got 0',
    );
    expect(() => warp(numbered(2, 2), [1, 2, 0, 2, 4, 0])).toThrow('must not press the picture flat');
    expect(() => affineMatrix({ scale: 0 }, 2, 2)).toThrow('scale must be greater than 0');
  });
});

describe('crop', () => {
  it('takes a part, and fills what lies outside', () => {
    const image = numbered(3, 3);
    expect([...crop(image, { top: 1, left: 1, height: 2, width: 2 }).data]).toEqual([28, 35, 49, 56]);
    expect([...crop(image, { top: -1, left: 2, height: 2, width: 2 }, { fill: 9 }).data]).toEqual([
      9, 9, 14, 9,
    ]);
    expect([...crop(image, { top: 5, left: 5, height: 1, width: 1 }).data]).toEqual([0]);
    expect(() => crop(image, { top: 0.5, left: 0, height: 1, width: 1 })).toThrow('whole numbers');
  });
});

describe('recolour', () => {
  const pixel = (r: number, g: number, b: number): Image =>
    createImage({ height: 1, width: 1, channels: 3, data: Uint8Array.from([r, g, b]) });

  it('leaves a picture as it is where nothing is asked', () => {
    const image = numbered(4, 4, 4);
    expect([...recolour(image, {}).data]).toEqual([...image.data]);
  });

  it('a turn of the hue by 120° moves red to green, and saturation 0 is grey', () => {
    const turned = recolour(pixel(200, 0, 0), { hue: 120 }).data;
    expect(turned[0]).toBeCloseTo(0, 3);
    expect(turned[1]).toBeCloseTo(200, 3);
    expect(turned[2]).toBeCloseTo(0, 3);
    const grey = 0.299 * 200;
    for (const value of recolour(pixel(200, 0, 0), { saturation: 0 }).data)
      expect(value).toBeCloseTo(grey, 3);
  });

  it('never leaves 0 to 255, and never touches alpha', () => {
    const image = numbered(4, 4, 4);
    const { data } = recolour(image, { brightness: 3, contrast: 4, saturation: 5, hue: 77 });
    expect(Math.min(...data)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...data)).toBeLessThanOrEqual(255);
    for (let i = 3; i < data.length; i += 4) expect(data[i]).toBe(image.data[i]);
  });
});

describe('transform', () => {
  const steps: TransformConfig[] = [
    { type: 'randomCrop', height: 12, width: 10, padding: 3 },
    { type: 'flip' },
    { type: 'affine', rotate: 20, shear: 5, scale: [0.8, 1.2], move: 0.1 },
    { type: 'colour', brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 20 },
    { type: 'cutout', size: 4 },
    { type: 'resize', height: 9, width: 9 },
  ];

  it('one seed gives one picture, another another; the list survives JSON; the source stays', () => {
    const image = numbered(12, 10, 3);
    const before = image.data.slice();
    const once = transform(image, steps, { seed: 4 });
    expect(once).toMatchObject({ height: 9, width: 9, channels: 3 });
    expect(transform(image, JSON.parse(JSON.stringify(steps)), { seed: 4 }).data).toEqual(once.data);
    expect(transform(image, steps, { seed: 5 }).data).not.toEqual(once.data);
    expect(image.data).toEqual(before);
  });

  it('a flip happens half of the time within binomial error, and twice is the same picture', () => {
    const image = numbered(1, 2);
    let flipped = 0;
    for (let seed = 0; seed < 1000; seed++) {
      if (transform(image, [{ type: 'flip' }], { seed }).data[0] === 7) flipped++;
    }
    // 4 standard deviations of a fair coin.
    expect(Math.abs(flipped - 500)).toBeLessThan(4 * Math.sqrt(250));
    const always = { type: 'flip', probability: 1 } as const;
    const wide = numbered(5, 4, 3);
    expect([...transform(wide, [always, always], { seed: 1 }).data]).toEqual([...wide.data]);
  });

  it('boxes go with the pixels: a bright square stays in its box through every geometric step', () => {
    const size = 40;
    const box: Box = [12, 14, 22, 20];
    const data = new Uint8Array(size * size);
    for (let y = box[1]; y < box[3]; y++) data.fill(255, y * size + box[0], y * size + box[2]);
    const image = createImage({ height: size, width: size, channels: 1, data });
    const geometric: TransformConfig[] = [
      { type: 'flip' },
      { type: 'flip', vertical: true },
      { type: 'affine', rotate: 30, shear: 10, scale: [0.7, 1.3], move: 0.1 },
      { type: 'resize', height: 50, width: 30 },
      { type: 'centerCrop', height: 44, width: 28 },
      { type: 'randomCrop', height: 40, width: 26, padding: 2 },
    ];
    for (let seed = 0; seed < 50; seed++) {
      const { image: moved, boxes } = transformBoxed({ image, boxes: [box] }, geometric, { seed });
      expect(boxes).toHaveLength(1);
      const [x0, y0, x1, y1] = boxes[0]!;
      let [inside, outside] = [0, 0];
      for (let y = 0; y < moved.height; y++) {
        for (let x = 0; x < moved.width; x++) {
          // Interpolation reaches one pixel of the source, 1.3 · 50/40 of the result.
          const within = x + 0.5 >= x0 - 2 && x + 0.5 <= x1 + 2 && y + 0.5 >= y0 - 2 && y + 0.5 <= y1 + 2;
          if (within) inside += moved.data[y * moved.width + x]!;
          else outside += moved.data[y * moved.width + x]!;
        }
      }
      expect(outside / (inside + outside)).toBeLessThan(0.01);
    }
  });

  it('drops a box that is no longer to be seen', () => {
    const { boxes, kept } = transformBoxed(
      {
        image: numbered(20, 20),
        boxes: [
          [0, 0, 4, 4],
          [8, 8, 12, 12],
        ],
      },
      [{ type: 'centerCrop', height: 10, width: 10 }],
      { seed: 1 },
    );
    expect(kept).toEqual([1]);
    expect(boxes).toEqual([[3, 3, 7, 7]]);
  });

  it.each([
    [{ type: 'melt' }, "got 'melt'"],
    [{ type: 'toString' }, "got 'toString'"],
    [null, 'type must be one of resize, centerCrop'],
    ['flip', "got 'flip'"],
    [
      { type: 'affine', rotation: 10 },
      "affine has the settings rotate, move, fill, shear, scale, got 'rotation'",
    ],
    [{ type: 'affine', move: '0.1' }, "move of affine must be a number from 0, got '0.1'"],
    [{ type: 'affine', rotate: Number.NaN }, 'got NaN'],
    [{ type: 'affine', shear: 90 }, 'below 90, got 90'],
    [{ type: 'affine', scale: 1.2 }, 'two numbers above 0, from and to, got 1.2'],
    [{ type: 'colour', brightness: 5 }, 'brightness of colour must be a number from 0 to 1, got 5'],
    [{ type: 'flip', probability: 7 }, 'from 0 to 1, got 7'],
    [{ type: 'flip', vertical: 'no' }, "true or false, got 'no'"],
    [{ type: 'randomCrop', height: 2 }, 'width of randomCrop must be a whole number from 1, got undefined'],
    [{ type: 'randomCrop', height: 2, width: 2, padding: 0.5 }, 'whole number from 0, got 0.5'],
    [{ type: 'resize', height: 1e6, width: 1e6 }, 'at most 67108864 pixels'],
    [{ type: 'cutout', size: 2, fill: null }, 'a finite number, got null'],
  ])('refuses %j', (step, sentence) => {
    expect(() => transform(numbered(2, 2), [step as never], { seed: 1 })).toThrow(sentence);
  });

  it('refuses what is no list', () => {
    expect(() => transform(numbered(2, 2), { type: 'flip' } as never, { seed: 1 })).toThrow(
      'a list of steps',
    );
  });
});
