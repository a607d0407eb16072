import { cnn2d, createModel, dense, flatten, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { featureMaps, type Image, maximiseActivation } from '../../src/index.ts';
import { cornerNetwork, linesNetwork, withWeights } from './networks.ts';

setUpBackend();

const plain = { jitter: 0, l2: 0, totalVariation: 0 };

describe('maximiseActivation', () => {
  it('raises the mean of a channel far above that of any noise it starts from', async () => {
    const model = linesNetwork();
    for (const channel of [0, 1]) {
      const meanOf = (image: Image) => {
        const { data } = featureMaps(model, image)[0]!;
        let sum = 0;
        for (let i = channel; i < data.length; i += 2) sum += data[i]!;
        return sum / 144;
      };
      const few = await maximiseActivation(model, { layer: '0.cnn2d', channel, steps: 4, ...plain });
      const many = await maximiseActivation(model, { layer: '0.cnn2d', channel, steps: 64, ...plain });
      // Lines with dark ones beside them, every other row: a mean of 255 · 6 / 2 at the most.
      expect(meanOf(many)).toBeGreaterThan(2 * meanOf(few));
      expect(meanOf(many)).toBeGreaterThan(1.5);
      // Horizontal lines differ from row to row, vertical ones from column to column.
      const [down, across] = differences(many);
      expect(channel === 0 ? down / across : across / down).toBeGreaterThan(2);
    }
    model.dispose();
  });

  it('finds the corner that a class looks at: white there, and dark for the other class', async () => {
    const model = cornerNetwork();
    for (const [k, value] of [
      [0, 255],
      [1, 0],
    ] as const) {
      const { data } = await maximiseActivation(model, { class: k, ...plain });
      for (const i of [0, 1, 8, 9]) expect(data[i]).toBe(value);
      // The rest stays noise about mid-grey.
      const rest = Array.from(data).slice(16);
      expect(Math.abs(rest.reduce((sum, each) => sum + each, 0) / rest.length - 127)).toBeLessThan(20);
    }
    model.dispose();
  });

  it('is calmer with totalVariation and l2, in colour too', async () => {
    const config = network({
      input: [10, 10, 3],
      layers: [cnn2d({ filters: 4 }), flatten(), dense({ units: 2 })],
    });
    const model = createModel(config, { seed: 2 });
    const normalise = { mean: [0.5, 0.5, 0.5], std: [0.3, 0.2, 0.1] };
    const roughness = async (options: object) => {
      const image = await maximiseActivation(model, { class: 0, normalise, ...plain, ...options });
      expect(image).toMatchObject({ height: 10, width: 10, channels: 3 });
      return differences(image)[0];
    };
    const rough = await roughness({});
    expect(await roughness({ totalVariation: 0.5 })).toBeLessThan(0.7 * rough);
    expect(await roughness({ l2: 2 })).toBeLessThan(0.7 * rough);
    model.dispose();
  });

  it('gives the same picture for the same seed, and another for another', async () => {
    const model = linesNetwork();
    const pictureOf = async (seed: number) => [
      ...(await maximiseActivation(model, { class: 0, seed, steps: 8, jitter: 2 })).data,
    ];
    expect(await pictureOf(1)).toEqual(await pictureOf(1));
    expect(await pictureOf(1)).not.toEqual(await pictureOf(2));
    model.dispose();
  });

  it('wakes a channel that is 0 in mid-grey, and says so of one that is always 0', async () => {
    const build = (bias: number) =>
      withWeights(network({ input: [6, 6, 1], layers: [cnn2d({ filters: 1, kernelSize: 1 })] }), {
        '0.cnn2d.kernel': [1],
        '0.cnn2d.bias': [bias],
      });
    const sleepy = build(-0.95);
    const { data } = await maximiseActivation(sleepy, { layer: '0.cnn2d', channel: 0, steps: 16, ...plain });
    expect(Math.max(...data)).toBe(255);
    const dead = build(-2);
    await expect(maximiseActivation(dead, { layer: '0.cnn2d', channel: 0 })).rejects.toThrow('may be dead');
    for (const model of [sleepy, dead]) model.dispose();
  });

  it('refuses what it cannot raise, stops where told, and leaves nothing behind', async () => {
    const model = linesNetwork();
    const refused = (options: object) => expect(maximiseActivation(model, options)).rejects;
    await refused({}).toThrow('expected a class, or a layer and a channel of it');
    await refused({ class: 0, layer: '0.cnn2d', channel: 0 }).toThrow('expected a class, or a layer');
    await refused({ layer: '0.cnn2d' }).toThrow('expected a class, or a layer and a channel of it');
    await refused({ layer: 'none', channel: 0 }).toThrow(
      "layer must be one of 0.cnn2d, 1.globalPool2d, 2.dense, got 'none'",
    );
    await refused({ layer: '0.cnn2d', channel: 2 }).toThrow(
      "channel of '0.cnn2d' must be a whole number from 0 to 1, got 2",
    );
    await refused({ class: -1 }).toThrow('class must be a whole number from 0 to 1, got -1');
    await refused({ class: 0, steps: 0 }).toThrow('steps must be a whole number from 1, got 0');
    await refused({ class: 0, learningRate: 0 }).toThrow('Lower l2, totalVariation or learningRate');
    await refused({ class: 0, signal: AbortSignal.abort(new Error('enough')) }).toThrow('enough');
    model.dispose();
  });
});

/** Mean absolute differences from row to row and from column to column. */
function differences({ height, width, channels, data }: Image): [down: number, across: number] {
  let [down, across] = [0, 0];
  const row = width * channels;
  for (let i = 0; i + row < data.length; i++) down += Math.abs(data[i + row]! - data[i]!);
  for (let i = 0; i + channels < data.length; i++) {
    if (i % row < row - channels) across += Math.abs(data[i + channels]! - data[i]!);
  }
  return [down / (height - 1) / row, across / (width - 1) / (height * channels)];
}
