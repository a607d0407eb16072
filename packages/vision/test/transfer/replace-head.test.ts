import * as tf from '@tensorflow/tfjs-core';
import { batchNorm, createModel, dense, flatten, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { cnnClassifier, replaceHead } from '../../src/index.ts';

setUpBackend();

describe('replaceHead', () => {
  const config = cnnClassifier({ input: [8, 8, 1], classes: 5, filters: [4], units: [12] });

  it('keeps the features and takes another head, and leaves the model alone', () => {
    const model = createModel(config, { seed: 1 });
    const other = replaceHead(model, { classes: 3, seed: 2 });
    expect(other.config.layers.slice(0, -1)).toEqual(model.config.layers.slice(0, -1));
    for (const name of ['0.cnn2d.kernel', '3.dense.kernel', '3.dense.bias']) {
      expect(other.weights[name]!.dataSync()).toEqual(model.weights[name]!.dataSync());
      expect(other.weights[name]).not.toBe(model.weights[name]);
    }
    expect(other.weights['4.dense.kernel']!.shape).toEqual([12, 3]);
    const again = replaceHead(model, { classes: 3, seed: 2 });
    expect(again.weights['4.dense.kernel']!.dataSync()).toEqual(other.weights['4.dense.kernel']!.dataSync());
    model.dispose();
    const shape = tf.tidy(() => other.apply(tf.zeros([2, 8, 8, 1])).shape);
    expect(shape).toEqual([2, 3]);
    again.dispose();
    other.dispose();
  });

  it('gives the features alone, takes several layers off, and puts a head on features', () => {
    const model = createModel(config, { seed: 1 });
    const features = replaceHead(model, { head: { type: 'none' }, layers: 2 });
    expect(features.config.layers.at(-1)!.type).toBe('flatten');
    const boxes = replaceHead(features, { head: { type: 'box', classes: 2 }, layers: 0 });
    expect(boxes.weights['3.dense.kernel']!.shape).toEqual([36, 6]);
    for (const each of [model, features, boxes]) each.dispose();
  });

  it('copies statistics', () => {
    const layers = [flatten(), batchNorm(), dense({ units: 2 })];
    const model = createModel(network({ input: [2, 2, 1], layers }), { seed: 1 });
    tf.tidy(() => model.statistics!['1.batchNorm.mean']!.assign(tf.tensor1d([1, 2, 3, 4])));
    const other = replaceHead(model, { classes: 3 });
    expect([...other.statistics!['1.batchNorm.mean']!.dataSync()]).toEqual([1, 2, 3, 4]);
    model.dispose();
    other.dispose();
  });

  it('refuses to take all layers off', () => {
    const model = createModel(config, { seed: 1 });
    expect(() => replaceHead(model, { classes: 3, layers: 5 })).toThrow('from 0 and below 5, got 5');
    expect(() => replaceHead(model, { classes: 3, layers: 1.5 })).toThrow('got 1.5');
    expect(() => replaceHead(model, {})).toThrow('got neither');
    model.dispose();
  });
});
