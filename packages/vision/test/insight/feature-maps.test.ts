import * as tf from '@tensorflow/tfjs-core';
import {
  batchNorm,
  branches,
  cnn2d,
  createModel,
  dense,
  depthwiseCnn2d,
  flatten,
  maxPool2d,
  network,
  residual,
} from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { valuesOf } from '../../../models/test/values.ts';
import { contactSheet, createImage, featureMaps, filterImages, mapImages } from '../../src/index.ts';
import { cornerNetwork, linesNetwork, linesPicture, withWeights } from './networks.ts';

setUpBackend();

describe('featureMaps', () => {
  it('gives what a network cut after the layer gives', () => {
    const layers = [
      cnn2d({ filters: 4 }),
      maxPool2d(),
      cnn2d({ filters: 2, kernelSize: 2 }),
      flatten(),
      dense({ units: 2 }),
    ];
    const model = createModel(network({ input: [8, 7, 3], layers }), { seed: 3 });
    const data = Uint8Array.from(valuesOf('image', 168), (value) => 127 * (value + 1));
    const image = createImage({ height: 8, width: 7, channels: 3, data });
    const normalise = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] };
    const all = featureMaps(model, image, { normalise });
    expect(all.map(({ layer, height, width, channels }) => [layer, height, width, channels])).toEqual([
      ['0.cnn2d', 6, 5, 4],
      ['1.maxPool2d', 3, 2, 4],
      ['2.cnn2d', 2, 1, 2],
    ]);
    for (const [k, maps] of all.entries()) {
      const cut = createModel(network({ input: [8, 7, 3], layers: layers.slice(0, k + 1) }));
      const expected = tf.tidy(() => {
        for (const [name, weight] of Object.entries(cut.weights)) weight.assign(model.weights[name]!);
        const x = Float32Array.from(
          data,
          (v, i) => (v / 255 - normalise.mean[i % 3]!) / normalise.std[i % 3]!,
        );
        return cut.apply(tf.tensor(x, [1, 8, 7, 3])).dataSync();
      });
      maps.data.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i]!, 6);
      });
      cut.dispose();
    }
    const [only] = featureMaps(model, image, { normalise, layers: ['2.cnn2d'] });
    expect(only).toEqual(all[2]);
    expect(() => featureMaps(model, image, { layers: ['3.flatten'] })).toThrow(
      "featureMaps: layer must be one of 0.cnn2d, 1.maxPool2d, 2.cnn2d, got '3.flatten'.",
    );
    model.dispose();
  });

  it('sees layers within branches', () => {
    const inner = [[cnn2d({ filters: 2 }), flatten()]];
    const model = createModel(network({ input: [4, 4, 1], layers: [branches({ branches: inner })] }));
    const image = createImage({ height: 4, width: 4, channels: 1, data: new Uint8Array(16) });
    expect(featureMaps(model, image).map(({ layer }) => layer)).toEqual(['0.branches.0.0.cnn2d']);
    model.dispose();
  });

  it('sees layers within residual blocks, and takes batch norm as it is after training', () => {
    const block = [cnn2d({ filters: 2, padding: 'same', activation: 'linear' }), batchNorm()];
    const layers = [depthwiseCnn2d({ multiplier: 2, padding: 'same' }), residual({ layers: block })];
    const model = createModel(network({ input: [5, 4, 1], layers }), { seed: 1 });
    const data = Uint8Array.from({ length: 20 }, (_, i) => 12 * i);
    const image = createImage({ height: 5, width: 4, channels: 1, data });
    const before = Object.values(model.statistics ?? {}).map((each) => [...each.dataSync()]);
    const maps = featureMaps(model, image);
    expect(maps.map(({ layer }) => layer)).toEqual([
      '0.depthwiseCnn2d',
      '1.residual.layers.0.cnn2d',
      '1.residual.layers.1.batchNorm',
      '1.residual',
    ]);
    // The block adds its input and cuts at 0.
    const [input, , inner, output] = maps;
    output!.data.forEach((value, i) => {
      expect(value).toBeCloseTo(Math.max(0, input!.data[i]! + inner!.data[i]!), 5);
    });
    expect(Object.values(model.statistics ?? {}).map((each) => [...each.dataSync()])).toEqual(before);
    expect(filterImages(model, '0.depthwiseCnn2d')).toHaveLength(2);
    expect(filterImages(model, '1.residual.layers.0.cnn2d')).toHaveLength(4);
    model.dispose();
  });

  it('shows where each filter answers', () => {
    const model = linesNetwork();
    const [maps] = featureMaps(model, linesPicture);
    const images = mapImages(maps!);
    expect(images.map(({ height, width, channels }) => [height, width, channels])).toEqual([
      [12, 12, 3],
      [12, 12, 3],
    ]);
    // The brightest pixel of the first map lies on the horizontal line, that of the second on the vertical one.
    const brightest = images.map(({ data }) => {
      const sums = Array.from({ length: 144 }, (_, i) => data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!);
      return sums.indexOf(Math.max(...sums));
    });
    expect(Math.floor(brightest[0]! / 12)).toBe(2);
    expect(brightest[1]! % 12).toBe(9);
    expect(contactSheet(images)).toMatchObject({ height: 16, width: 30 });
    model.dispose();
  });

  it('says what to use for networks without maps', () => {
    const model = cornerNetwork();
    const image = createImage({ height: 8, width: 8, channels: 1, data: new Uint8Array(64) });
    expect(() => featureMaps(model, image)).toThrow('Use occlusionMap');
    model.dispose();
  });
});

describe('filterImages', () => {
  it('shows filters over colours as RGB, 0 grey and the largest weight at an end', () => {
    const kernel = [1, 0, -0.5, 0, 0, 0.25, 0, 2];
    const model = withWeights(
      network({ input: [2, 2, 3], layers: [cnn2d({ filters: 2, kernelSize: [2, 1] })] }),
      {
        // [2, 1, 3, 2]: of filter 0 the values at even places.
        '0.cnn2d.kernel': [...kernel, 0, 0, 0, 0],
      },
    );
    const images = filterImages(model, '0.cnn2d');
    expect(images.map(({ height, width, channels }) => [height, width, channels])).toEqual([
      [2, 1, 3],
      [2, 1, 3],
    ]);
    expect([...images[0]!.data]).toEqual([255, 64, 128, 128, 128, 128]);
    expect([...images[1]!.data]).toEqual([128, 128, 143, 255, 128, 128]);
    model.dispose();
  });

  it('shows other filters as one picture for each channel, filter after filter, over one range', () => {
    const model = withWeights(network({ input: [1, 1, 2], layers: [cnn2d({ filters: 2, kernelSize: 1 })] }), {
      '0.cnn2d.kernel': [4, 0, -4, 1],
    });
    const images = filterImages(model, '0.cnn2d').map(({ data }) => [...data]);
    expect(images).toHaveLength(4);
    // Filter 0 is [4, −4], filter 1 is [0, 1]: red, blue, light, red.
    expect(images[0]![0]! - images[0]![2]!).toBeGreaterThan(100);
    expect(images[1]![2]! - images[1]![0]!).toBeGreaterThan(100);
    expect(Math.min(...images[2]!)).toBeGreaterThan(235);
    expect(images[3]).toEqual(images[0]);
    model.dispose();
  });

  it('refuses layers without filters', () => {
    const model = linesNetwork();
    expect(() => filterImages(model, '2.dense')).toThrow("one of 0.cnn2d, got '2.dense'");
    model.dispose();
    const flat = cornerNetwork();
    expect(() => filterImages(flat, '1.dense')).toThrow('of which there is none');
    flat.dispose();
  });
});
