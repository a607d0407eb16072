import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { createModel, dense, flatten, type Model, type ModelConfig, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { testModel } from '../../../models/test/tape.ts';
import { relativeError, valuesOf } from '../../../models/test/values.ts';
import { createImage, gradCam, type Image } from '../../src/index.ts';
import { cornerNetwork, linesNetwork, linesPicture } from './networks.ts';

interface Golden {
  source: string;
  mean: number[];
  std: number[];
  cases: { name: string; config: ModelConfig; layer: string; output: number[]; maps: number[][] }[];
}

const path = new URL('./golden/grad-cam.json', import.meta.url);
const golden = JSON.parse(readFileSync(path, 'utf8')) as Golden;

setUpBackend();

describe(`gradCam is that of ${golden.source}, relative error ≤ 1e-5`, () => {
  it.each(golden.cases)('$name', ({ config, layer, output, maps }) => {
    const model = testModel(config);
    const [height, width, channels] = config.input as [number, number, Image['channels']];
    const data = valuesOf('image', height * width * channels).map((value) => (255 * (value + 1)) / 2);
    const image = createImage({ height, width, channels, data });
    const normalise = { mean: golden.mean.slice(0, channels), std: golden.std.slice(0, channels) };
    maps.forEach((expected, k) => {
      const map = gradCam(model, image, { class: k, layer, normalise });
      expect(map).toMatchObject({ height, width });
      expect(relativeError(map.data, expected), `class ${k}`).toBeLessThanOrEqual(1e-5);
    });
    // Left out, the class is the likeliest one, and the layer the last with maps.
    const likeliest = output.indexOf(Math.max(...output));
    const map = gradCam(model, image, { layer, normalise });
    expect(relativeError(map.data, maps[likeliest]!)).toBeLessThanOrEqual(1e-5);
    const isLast = layer === (config.layers.length > 3 ? '2.cnn2d' : '0.cnn2d');
    const unnamed = gradCam(model, image, { normalise }).data;
    if (isLast) expect(unnamed).toEqual(map.data);
    else expect(unnamed).not.toEqual(map.data);
    model.dispose();
  });
});

describe('gradCam', () => {
  it('shows the line that a class is made of, and not the other', () => {
    const model = linesNetwork();
    for (const [k, inside] of [
      [0, (y: number, x: number) => y < 5 && x < 7],
      [1, (y: number, x: number) => y > 4 && x > 6],
    ] as const) {
      const { data } = gradCam(model, linesPicture, { class: k });
      let [seen, all] = [0, 0];
      data.forEach((value, i) => {
        all += value;
        if (inside(Math.floor(i / 12), i % 12)) seen += value;
      });
      expect(all).toBeGreaterThan(0);
      expect(seen / all, `class ${k}`).toBeGreaterThan(0.8);
      const peak = data.indexOf(Math.max(...data));
      expect(inside(Math.floor(peak / 12), peak % 12)).toBe(true);
    }
    model.dispose();
  });

  it('works for a model of your own that shows its layers', () => {
    // Two channels of brightness and its square, of which the class is the first.
    const own: Model = {
      config: { input: [3, 4, 1], layers: [] },
      weights: {},
      apply(x, { onLayer } = {}) {
        return tf.tidy(() => {
          const made = tf.concat([x, tf.square(x)], 3);
          const maps = onLayer ? onLayer('own', made) : made;
          return tf.slice(tf.sum(maps, [1, 2]), [0, 0], [x.shape[0]!, 1]);
        });
      },
      dispose() {},
    };
    const data = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
    const { data: map } = gradCam(own, createImage({ height: 3, width: 4, channels: 1, data }));
    map.forEach((value, i) => {
      expect(value).toBeCloseTo((20 * i) / 255, 6);
    });
    expect(() =>
      gradCam(
        { ...own, apply: (x) => tf.sum(x, [1, 2]) },
        createImage({ height: 3, width: 4, channels: 1, data }),
      ),
    ).toThrow(
      'gradCam: the network shows none of its layers. A model of your own shows them by calling onLayer in apply.',
    );
  });

  it('refuses what it cannot explain, says what to do, and leaves nothing behind', () => {
    const [lines, corner] = [linesNetwork(), cornerNetwork()];
    const small = createImage({ height: 8, width: 8, channels: 1, data: new Uint8Array(64) });
    expect(() => gradCam(corner, small)).toThrow(
      'gradCam: no layer has maps [height, width, channels], only 0.flatten, 1.dense. Use occlusionMap',
    );
    expect(() => gradCam(lines, small)).toThrow(
      'the network takes pictures [12, 12, 1], got [8, 8, 1]. Use fitToInput first.',
    );
    expect(() => gradCam(lines, linesPicture, { class: 2 })).toThrow(
      'class must be a whole number from 0 to 1, got 2',
    );
    expect(() => gradCam(lines, linesPicture, { layer: '1.cnn2d' })).toThrow(
      "gradCam: layer must be one of 0.cnn2d, got '1.cnn2d'.",
    );
    const series = createModel(network({ input: [8, 8], layers: [flatten(), dense({ units: 2 })] }));
    expect(() => gradCam(series, small)).toThrow('the network must take pictures');
    for (const model of [lines, corner, series]) model.dispose();
  });
});
