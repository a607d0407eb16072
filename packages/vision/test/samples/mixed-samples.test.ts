import { arraySamples, createRandom, type NdArray, type SampleSource } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { cutmix, mixup } from '../../src/index.ts';
import { randomBeta } from '../../src/samples/random-beta.ts';

const COUNT = 40;
const [H, W] = [8, 10];
const random = createRandom(3, 'mixed');
const array = (shape: number[], value: (i: number) => number): NdArray => ({
  data: Float32Array.from({ length: shape.reduce((product, each) => product * each, 1) }, (_, i) => value(i)),
  shape,
});
const x = array([COUNT, H, W, 2], () => random.uniform());
const y = array([COUNT, 4], (i) => (Math.floor(i / 4) % 4 === i % 4 ? 1 : 0));
const all = Uint32Array.from({ length: COUNT }, (_, i) => i);
const draw = { seed: 1, epoch: 1, position: 0 };
const row = ({ data, shape }: NdArray, i: number) => {
  const size = data.length / shape[0]!;
  return data.subarray(i * size, (i + 1) * size);
};

describe.each([
  ['mixup', mixup],
  ['cutmix', cutmix],
] as const)('%s', (name, mix) => {
  const samples = mix(arraySamples({ x, y }), { alpha: 1 });

  it('leaves batches without a draw as they are', () => {
    expect(samples.batch(all)).toEqual(arraySamples({ x, y }).batch(all));
  });

  it('mixes anew by seed, epoch and position, and the same each time; targets still sum to 1', () => {
    const first = samples.batch(all, draw);
    expect(samples.batch(all, draw)).toEqual(first);
    for (const other of [{ seed: 2 }, { epoch: 2 }, { position: 1 }]) {
      expect(samples.batch(all, { ...draw, ...other })).not.toEqual(first);
    }
    for (let i = 0; i < COUNT; i++) {
      const sum = row(first.y, i).reduce((total, each) => total + each, 0);
      expect(Math.abs(sum - 1)).toBeLessThan(1e-6);
    }
    // The source stays as it is.
    expect(x.data).toEqual(arraySamples({ x, y }).batch(all).x.data);
  });

  it('gives each target the share of its picture', () => {
    const only = array([COUNT, COUNT], (i) => (Math.floor(i / COUNT) === i % COUNT ? 1 : 0));
    const mixed = mix(arraySamples({ x, y: only }), { alpha: 1 }).batch(all, draw);
    let pairs = 0;
    for (let i = 0; i < COUNT; i++) {
      const shares = [...row(mixed.y, i).entries()].filter(([, share]) => share > 0);
      const pixels = row(mixed.x, i);
      if (shares.length === 2) pairs++;
      if (name === 'mixup') {
        pixels.forEach((value, p) => {
          const expected = shares.reduce((sum, [j, share]) => sum + share * row(x, j)[p]!, 0);
          expect(Math.abs(value - expected)).toBeLessThan(1e-6);
        });
        continue;
      }
      // Every pixel is from one of the two, and so many of them as the target says.
      for (const [j, share] of shares) {
        let same = 0;
        for (let p = 0; p < H * W; p++) same += Number(pixels[2 * p] === row(x, j)[2 * p]);
        expect(Math.abs(same / (H * W) - share)).toBeLessThan(1e-6);
      }
    }
    expect(pairs).toBeGreaterThan(COUNT / 2);
  });

  it('takes the target of the other where one is missing', () => {
    const weight = array([COUNT, 4], (i) => (i < 4 ? 0 : 1));
    const ones = array([COUNT, 4], (i) => (i < 4 ? 0 : 1));
    const mixed = mix(arraySamples({ x, y: ones, weight }), { alpha: 1 }).batch(all, draw);
    for (let i = 0; i < mixed.y.data.length; i++) {
      if (mixed.weight!.data[i]! > 0) expect(Math.abs(mixed.y.data[i]! - 1)).toBeLessThan(1e-6);
    }
    const total = mixed.weight!.data.reduce((sum, each) => sum + each, 0);
    expect(total).toBeLessThan(4 * COUNT);
    expect(mixed.weight!.data.some((each) => each > 0 && each < 1)).toBe(true);
  });

  it('mixes what has to be waited for as what is there', async () => {
    const here = arraySamples({ x, y });
    const source: SampleSource = { ...here, batch: async (indices) => here.batch(indices) };
    expect(await mix(source, { alpha: 1 }).batch(all, draw)).toEqual(samples.batch(all, draw));
  });

  it('refuses what cannot be mixed', () => {
    expect(() => mix(arraySamples({ x, y }), { alpha: 0 })).toThrow(
      `${name}: alpha must be greater than 0, got 0.`,
    );
    const mask = array([COUNT, H], () => 1);
    expect(() => mix(arraySamples({ x, y, mask }), { alpha: 1 }).batch(all, draw)).toThrow(
      'neither masks nor states',
    );
  });
});

it('cutmix takes pictures alone', () => {
  const flat = arraySamples({ x: array([COUNT, 3], () => 0), y });
  expect(() => cutmix(flat, { alpha: 1 })).toThrow('inputs must be pictures [H, W, C], got [3]');
});

describe('randomBeta', () => {
  it.each([0.1, 0.4, 1, 3])('α = %d: mean 1/2, variance 1 / (4·(2α + 1)), even about the middle', (alpha) => {
    const stream = createRandom(5, 'beta');
    const draws = Array.from({ length: 40_000 }, () => randomBeta(stream, alpha));
    const mean = draws.reduce((sum, each) => sum + each, 0) / draws.length;
    const squares = draws.map((each) => (each - 0.5) ** 2);
    const variance = squares.reduce((sum, each) => sum + each, 0) / draws.length;
    const expected = 1 / (4 * (2 * alpha + 1));
    // Four standard errors.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(expected / draws.length));
    const spread = Math.sqrt(
      squares.reduce((sum, each) => sum + (each - variance) ** 2, 0) / draws.length ** 2,
    );
    expect(Math.abs(variance - expected)).toBeLessThan(4 * spread);
    expect(draws.every((each) => each >= 0 && each <= 1)).toBe(true);
  });
});
