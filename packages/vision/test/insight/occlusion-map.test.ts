import * as tf from '@tensorflow/tfjs-core';
import { cnn2d, createModel, dense, flatten, type Model, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { relativeError, valuesOf } from '../../../models/test/values.ts';
import { createImage, type Image, occlusionMap } from '../../src/index.ts';
import { cornerNetwork, grey } from './networks.ts';

setUpBackend();

/** What the docstring says, one square after the other. */
function naive(
  model: Model,
  image: Image,
  { patch, stride, fill, k }: { patch: number; stride: number; fill: readonly number[]; k: number },
): number[] {
  const { height, width, channels } = image;
  const output = (data: Float32Array) =>
    tf.tidy(
      () =>
        model
          .apply(
            tf.tensor(
              data.map((v) => v / 255),
              [1, height, width, channels],
            ),
          )
          .dataSync()[k]!,
    );
  const whole = output(Float32Array.from(image.data));
  const lost: number[][] = Array.from({ length: height * width }, () => []);
  const starts = (length: number) => {
    const all: number[] = [];
    for (let at = 0; at + patch < length; at += stride) all.push(at);
    return [...all, length - patch];
  };
  for (const top of starts(height)) {
    for (const left of starts(width)) {
      const covered = Float32Array.from(image.data);
      const places: number[] = [];
      for (let y = top; y < top + patch; y++)
        for (let x = left; x < left + patch; x++) places.push(y * width + x);
      for (const place of places) covered.set(fill, place * channels);
      const loss = whole - output(covered);
      for (const place of places) lost[place]!.push(loss);
    }
  }
  return lost.map((all) => all.reduce((sum, each) => sum + each, 0) / all.length);
}

describe('occlusionMap', () => {
  it.each([
    { patch: 1, stride: 1 },
    { patch: 3, stride: 2 },
    { patch: 4, stride: 3 },
    { patch: 5, stride: 5 },
  ])(
    'is that of a naive loop, relative error ≤ 1e-5: patch $patch, stride $stride',
    async ({ patch, stride }) => {
      const config = network({
        input: [7, 9, 3],
        layers: [cnn2d({ filters: 3 }), flatten(), dense({ units: 3 })],
      });
      const model = createModel(config, { seed: 1 });
      const data = valuesOf('image', 189).map((value) => (255 * (value + 1)) / 2);
      const image = createImage({ height: 7, width: 9, channels: 3, data });
      const fill = [10, 100, 200];
      const map = await occlusionMap(model, image, { patch, stride, fill, class: 2, batchSize: 5 });
      expect(map).toMatchObject({ height: 7, width: 9 });
      expect(relativeError(map.data, naive(model, image, { patch, stride, fill, k: 2 }))).toBeLessThanOrEqual(
        1e-5,
      );
      model.dispose();
    },
  );

  it('shows the corner that a network without maps looks at, and nothing else', async () => {
    const model = cornerNetwork();
    const map = await occlusionMap(
      model,
      grey(8, 8, () => true),
      { patch: 2, fill: 0, stride: 2, class: 0 },
    );
    map.data.forEach((value, i) => {
      expect(value).toBeCloseTo(i < 16 && i % 8 < 2 ? 1 : 0, 6);
    });
    // What speaks for one class speaks against the other.
    const against = await occlusionMap(
      model,
      grey(8, 8, () => true),
      { patch: 2, fill: 0, stride: 2, class: 1 },
    );
    expect([...against.data]).toEqual(Array.from(map.data, (value) => 0 - value));
    model.dispose();
  });

  it('covers with the mean of the picture unless told otherwise: an even one loses nothing', async () => {
    const model = cornerNetwork();
    const even = createImage({ height: 8, width: 8, channels: 1, data: new Uint8Array(64).fill(77) });
    const { data } = await occlusionMap(model, even);
    expect(Math.max(...data.map(Math.abs))).toBeLessThan(1e-6);
    model.dispose();
  });

  it('refuses settings out of range, stops where told, and leaves nothing behind', async () => {
    const model = cornerNetwork();
    const image = grey(8, 8, () => true);
    await expect(occlusionMap(model, image, { patch: 9 })).rejects.toThrow(
      'occlusionMap: patch must be at most the shorter side, 8, got 9.',
    );
    await expect(occlusionMap(model, image, { patch: 2, stride: 3 })).rejects.toThrow(
      'stride must be at most patch, 2, got 3',
    );
    await expect(occlusionMap(model, image, { fill: [1, 2] })).rejects.toThrow(
      'fill must be a finite number',
    );
    await expect(occlusionMap(model, image, { class: 2 })).rejects.toThrow('from 0 to 1, got 2');
    const stop = AbortSignal.abort(new Error('enough'));
    await expect(occlusionMap(model, image, { signal: stop })).rejects.toThrow('enough');
    model.dispose();
  });
});
