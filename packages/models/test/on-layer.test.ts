import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import { branches, cnn2d, createModel, dense, flatten, network } from '../src/index.ts';

setUpBackend();

const config = network({
  input: [4, 4, 1],
  layers: [
    cnn2d({ filters: 2 }),
    flatten(),
    branches({ branches: [[dense({ units: 3 }), dense({ units: 2 })], []] }),
  ],
});

describe('onLayer', () => {
  it('sees every layer in turn, those of branches too, and changes nothing when it hands them on', () => {
    const model = createModel(config, { seed: 1 });
    const seen: [string, number[]][] = [];
    tf.tidy(() => {
      const x = tf.reshape(tf.range(0, 32), [2, 4, 4, 1]);
      const watched = model.apply(x, {
        onLayer: (layer, value) => {
          seen.push([layer, value.shape]);
          return value;
        },
      });
      expect([...watched.dataSync()]).toEqual([...model.apply(x).dataSync()]);
    });
    expect(seen).toEqual([
      ['0.cnn2d', [2, 2, 2, 2]],
      ['1.flatten', [2, 8]],
      ['2.branches.0.0.dense', [2, 3]],
      ['2.branches.0.1.dense', [2, 2]],
      ['2.branches', [2, 10]],
    ]);
    model.dispose();
  });

  it.each(['0.cnn2d', '2.branches.0.0.dense'])('what it gives takes the place of %s', (changed) => {
    const model = createModel(config, { seed: 1 });
    const run = (image: number) =>
      tf.tidy(() => [
        ...model
          .apply(tf.fill([1, 4, 4, 1], image), {
            onLayer: (layer, value) => (layer === changed ? tf.zerosLike(value) : value),
          })
          .dataSync(),
      ]);
    // After what was changed nothing depends on the image; the empty second branch still sees the convolution.
    const [dark, bright] = [run(0), run(1)];
    expect(bright.slice(0, 2)).toEqual(dark.slice(0, 2));
    expect(bright.slice(2).some((value, i) => value !== dark[2 + i])).toBe(changed !== '0.cnn2d');
    model.dispose();
  });
});
