// Pictures as samples: what is in a batch, what draws change in it, and what holds while pictures are being decoded.

import { createRandom } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import {
  createImage,
  type DecodedImageSamplesOptions,
  type Image,
  ImageError,
  type ImageList,
  imageAt,
  imageSamples,
  type LabelledImages,
  multiHot,
  type TransformConfig,
} from '../../src/index.ts';

const random = createRandom(1, 'pictures');
const stored: LabelledImages = {
  count: 12,
  height: 6,
  width: 8,
  channels: 3,
  data: Uint8Array.from({ length: 12 * 6 * 8 * 3 }, () => random.integer(256)),
  labels: Uint8Array.from({ length: 12 }, (_, i) => i % 3),
  classes: ['a', 'b', 'c'],
};
const list: ImageList = {
  items: Array.from(stored.labels, (label, i) => ({ path: `${i}.png`, label })),
  classes: stored.classes,
};
const input = [6, 8, 3] as const;
const augmentation: TransformConfig[] = [
  { type: 'randomCrop', height: 6, width: 8, padding: 2 },
  { type: 'flip' },
  { type: 'colour', brightness: 0.5 },
];
const draw = { seed: 1, epoch: 1, position: 0 };

/** Decodes the stored pictures, some later than others. */
function decoder() {
  const seen = { running: 0, most: 0, paths: [] as string[] };
  const decode: DecodedImageSamplesOptions['decode'] = async (path) => {
    seen.paths.push(path);
    seen.most = Math.max(seen.most, ++seen.running);
    for (let turn = 0; turn < (7 * seen.paths.length) % 5; turn++) await new Promise(setImmediate);
    seen.running--;
    const index = Number.parseInt(path, 10);
    if (index === 11) throw new Error('no such picture');
    return imageAt(stored, index);
  };
  return { decode, seen };
}

describe('imageSamples of pictures in memory', () => {
  it('gives v / 255 and one-hot classes, and tells classes and labels', () => {
    const samples = imageSamples(stored, { input });
    const { x, y, weight } = samples.batch([4, 2]);
    expect(x.shape).toEqual([2, 6, 8, 3]);
    expect(y).toEqual({ data: Float32Array.from([0, 1, 0, 0, 0, 1]), shape: [2, 3] });
    expect(weight).toBeUndefined();
    const expected = [4, 2].flatMap((i) => Array.from(imageAt(stored, i).data, (v) => Math.fround(v / 255)));
    expect([...x.data]).toEqual(expected);
    expect(samples).toMatchObject({ count: 12, xShape: [6, 8, 3], yShape: [3], classes: ['a', 'b', 'c'] });
    expect([...samples.labels]).toEqual([...stored.labels]);
  });

  it('normalises by channel as (v / 255 − mean) / std, whole values and fractions alike', () => {
    const normalise = { mean: [0.1, 0.2, 0.3], std: [0.5, 0.25, 2] };
    const whole = imageSamples(stored, { input, normalise }).batch([3]).x.data;
    // A step that only makes fractions out of the values.
    const same = { type: 'affine' } as const;
    const fractions = imageSamples(stored, { input, normalise, augmentation: [same] }).batch([3], draw).x
      .data;
    imageAt(stored, 3).data.forEach((v, i) => {
      const expected = (v / 255 - normalise.mean[i % 3]!) / normalise.std[i % 3]!;
      expect(Math.abs(whole[i]! - expected)).toBeLessThan(1e-6);
      expect(Math.abs(fractions[i]! - expected)).toBeLessThan(1e-6);
    });
  });

  it('turns colours into grey where the input is grey', () => {
    const grey = imageSamples(stored, { input: [6, 8, 1] }).batch([0]).x;
    const { data } = imageAt(stored, 0);
    expect(grey.shape).toEqual([1, 6, 8, 1]);
    const expected = Math.round(0.299 * data[0]! + 0.587 * data[1]! + 0.114 * data[2]!) / 255;
    expect(Math.abs(grey.data[0]! - expected)).toBeLessThan(1e-6);
  });

  it('augments training draws alone, anew by seed, epoch and position, and the same each time', () => {
    const samples = imageSamples(stored, { input, augmentation });
    const plain = samples.batch([5]).x;
    expect(plain).toEqual(imageSamples(stored, { input }).batch([5]).x);
    const first = samples.batch([5], draw).x;
    expect(samples.batch([5], draw).x).toEqual(first);
    for (const other of [{}, { seed: 2 }, { epoch: 2 }, { position: 1 }]) {
      const again = samples.batch([5], { ...draw, ...other }).x;
      expect(again.data.some((v, i) => v !== first.data[i])).toBe(Object.keys(other).length > 0);
      expect(again).not.toEqual(plain);
    }
    // An example that comes twice in a batch is drawn twice; the rest of the batch does not matter.
    const twice = samples.batch([7, 5, 5], { ...draw, position: 3 }).x.data;
    const size = 6 * 8 * 3;
    const alone = (position: number) => samples.batch([5], { ...draw, position }).x.data;
    expect(twice.subarray(size, 2 * size)).toEqual(alone(4));
    expect(twice.subarray(2 * size)).toEqual(alone(5));
    expect(alone(4)).not.toEqual(alone(5));
  });

  it('needs the size of the input, by steps that are stated', () => {
    const smaller = { input: [4, 4, 3] as const };
    expect(() => imageSamples(stored, smaller).batch([2])).toThrow(
      "picture 2: image: expected 4 × 4 pixels (input), got 6 × 8 after transforms. Add { type: 'resize', height: 4, width: 4 }",
    );
    const resize = { type: 'resize', height: 5, width: 5 } as const;
    const cropping = {
      ...smaller,
      transforms: [resize],
      augmentation: [{ type: 'randomCrop', height: 4, width: 4 } as const],
    };
    expect(() => imageSamples(stored, cropping).batch([2])).toThrow('got 5 × 5 after transforms');
    const both = imageSamples(stored, { ...cropping, plain: [{ type: 'centerCrop', height: 4, width: 4 }] });
    expect(both.batch([2]).x.shape).toEqual([1, 4, 4, 3]);
    expect(both.batch([2], draw).x.shape).toEqual([1, 4, 4, 3]);
  });

  it('refuses options and indices out of bounds', () => {
    const make = (options: object) => () => imageSamples(stored, { input, ...options });
    expect(make({ transforms: [{ type: 'flip' }] })).toThrow('got flip. Put it into augmentation.');
    expect(make({ input: [6, 0, 3] })).toThrow('the width of input must be a whole number from 1, got 0');
    expect(make({ input: [6, 8, 2] })).toThrow('channels of input must be 1, 3 or 4, got 2');
    expect(make({ normalise: { mean: [0], std: [1] } })).toThrow('3 finite means');
    expect(make({ normalise: { mean: [0, 0, 0], std: [1, 0, 1] } })).toThrow('std [1, 0, 1]');
    expect(() => imageSamples({ ...stored, classes: ['a', 'b'] }, { input })).toThrow(
      'labels must be whole numbers below 2, the number of classes, got 2 for picture 2',
    );
    expect(() => imageSamples(stored, { input }).batch([12])).toThrow(
      'index 12 is out of range, there are 12 pictures',
    );
  });
});

describe('targets of pictures', () => {
  it('may be numbers, of which some are missing', () => {
    const targets = { data: Float32Array.from({ length: 24 }, (_, i) => i), shape: [12, 2] };
    expect(imageSamples(stored, { input, targets }).batch([1, 0])).toMatchObject({
      y: { data: Float32Array.from([2, 3, 0, 1]), shape: [2, 2] },
    });
    expect(imageSamples(stored, { input, targets }).batch([1]).weight).toBeUndefined();
    targets.data[3] = Number.NaN;
    const { y, weight } = imageSamples(stored, { input, targets }).batch([1, 0]);
    expect([...y.data]).toEqual([2, 0, 0, 1]);
    expect([...weight!.data]).toEqual([1, 0, 1, 1]);
    const few = { data: new Float32Array(22), shape: [11, 2] };
    expect(() => imageSamples(stored, { input, targets: few })).toThrow(
      'targets must be [12, ...], a row for each picture, got [11, 2]',
    );
  });

  it('may be many labels', () => {
    expect(multiHot([[0, 2], [], [1]], 3)).toEqual({
      data: Float32Array.from([1, 0, 1, 0, 0, 0, 0, 1, 0]),
      shape: [3, 3],
    });
    expect(() => multiHot([[3]], 3)).toThrow('labels must be whole numbers below 3, got 3 for picture 0');
  });

  it('may be boxes, which move with their picture and are gone when it no longer shows them', () => {
    const things = Array.from({ length: 12 }, () => [
      { box: [0, 0, 2, 3] as const, label: 2 },
      { box: [6, 4, 8, 6] as const, label: 1 },
    ]);
    const targets = {
      things,
      shape: [2, 5],
      encode(
        seen: readonly { box: readonly number[]; label: number }[],
        row: Record<'y' | 'weight', Float32Array>,
      ) {
        row.weight.fill(0);
        seen.forEach(({ box, label }, i) => {
          row.y.set([...box, label], 5 * i);
          row.weight.fill(1, 5 * i, 5 * i + 5);
        });
      },
    };
    const samples = imageSamples(stored, {
      input: [12, 16, 3],
      transforms: [{ type: 'resize', height: 12, width: 16 }],
      augmentation: [{ type: 'flip', probability: 1 }],
      targets,
    });
    expect([...samples.batch([0]).y.data]).toEqual([0, 0, 4, 6, 2, 12, 8, 16, 12, 1]);
    expect([...samples.batch([0], draw).y.data]).toEqual([12, 0, 16, 6, 2, 0, 8, 4, 12, 1]);
    const cropped = imageSamples(stored, {
      input: [3, 3, 3],
      transforms: [{ type: 'resize', height: 6, width: 8 }],
      augmentation: [
        { type: 'resize', height: 3, width: 8 },
        { type: 'randomCrop', height: 3, width: 3 },
      ],
      targets,
    });
    const seen = Array.from({ length: 20 }, (_, position) => {
      const { y, weight } = cropped.batch([0], { ...draw, position });
      return { labels: [y.data[4], y.data[9]], weights: [weight!.data[4], weight!.data[9]] };
    });
    expect(seen).toContainEqual({ labels: [2, 0], weights: [1, 0] });
    expect(seen).toContainEqual({ labels: [1, 0], weights: [1, 0] });
    expect(() => imageSamples(stored, { input, targets: { ...targets, things: [] } })).toThrow(
      'one list for each of 12 pictures, got 0',
    );
  });
});

describe('imageSamples of a list', () => {
  it('gives the batches of pictures in memory, whichever is decoded first', async () => {
    const options = { input, augmentation };
    const memory = imageSamples(stored, options);
    for (const cacheBytes of [0, 1000, 1e6]) {
      const samples = imageSamples(list, { ...options, decode: decoder().decode, cacheBytes });
      const batches = await Promise.all([
        samples.batch([3, 1, 2, 3]),
        samples.batch([8, 3, 9], draw),
        samples.batch([10], { ...draw, epoch: 2 }),
      ]);
      expect(batches).toEqual([
        memory.batch([3, 1, 2, 3]),
        memory.batch([8, 3, 9], draw),
        memory.batch([10], { ...draw, epoch: 2 }),
      ]);
      expect(samples.classes).toEqual(memory.classes);
      expect(samples.labels).toEqual(memory.labels);
    }
  });

  it('decodes no more pictures at a time than it is told, over all batches', async () => {
    const { decode, seen } = decoder();
    const samples = imageSamples(list, { input, decode, concurrency: 3 });
    await Promise.all([samples.batch([0, 1, 2, 3, 4]), samples.batch([5, 6, 7, 8, 9])]);
    expect({ most: seen.most, decoded: seen.paths.length }).toEqual({ most: 3, decoded: 10 });
  });

  it('keeps as many pictures as it is told, and lets those go that were not used the longest', async () => {
    const { decode, seen } = decoder();
    const size = 6 * 8 * 3;
    const samples = imageSamples(list, { input, decode, cacheBytes: 2 * size + 1 });
    for (const index of [0, 1, 0, 2, 0, 1]) await samples.batch([index]);
    expect(seen.paths).toEqual(['0.png', '1.png', '2.png', '1.png']);
    const none = decoder();
    const uncached = imageSamples(list, { input, decode: none.decode, cacheBytes: size - 1 });
    for (const index of [0, 0]) await uncached.batch([index]);
    expect(none.seen.paths).toEqual(['0.png', '0.png']);
  });

  it('names the picture that cannot be had, once none of the batch is being decoded any more', async () => {
    const { decode, seen } = decoder();
    const samples = imageSamples(list, { input, decode });
    const error = await Promise.resolve(samples.batch([11, 0, 1, 2, 3])).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ImageError);
    expect(error).toMatchObject({ file: '11.png', message: '11.png: image: no such picture' });
    expect(seen).toMatchObject({ running: 0, paths: ['11.png', '0.png', '1.png', '2.png', '3.png'] });
    const wrong = imageSamples(list, { input: [6, 9, 3], decode });
    await expect(wrong.batch([7])).rejects.toThrow('7.png: image: expected 6 × 9 pixels (input), got 6 × 8');
    await expect(samples.batch([12])).rejects.toThrow('index 12 is out of range');
  });

  it('asks the decoder for the channels of the input, and takes others', async () => {
    const asked: unknown[] = [];
    const white: Image = createImage({
      height: 1,
      width: 1,
      channels: 4,
      data: Uint8Array.from([9, 9, 9, 0]),
    });
    const samples = imageSamples(list, {
      input: [1, 1, 1],
      decode(path, options) {
        asked.push(path, options);
        return white;
      },
    });
    expect([...(await samples.batch([0])).x.data]).toEqual([1]);
    expect(asked).toEqual(['0.png', { channels: 1, file: '0.png' }]);
  });

  it('refuses what it cannot work with', () => {
    const { decode } = decoder();
    expect(() => imageSamples(list, { input } as never)).toThrow('a list of pictures needs decode');
    expect(() => imageSamples(list, { input, decode, concurrency: 0 })).toThrow('concurrency must be');
    expect(() => imageSamples(list, { input, decode, cacheBytes: -1 })).toThrow('cacheBytes must be');
  });
});
