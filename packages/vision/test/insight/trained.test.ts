// The tools on a network that learnt to tell two things apart: where both are on one picture, each class must be found at its
// own.

import { cnn2d, createModel, dense, globalPool2d, maxPool2d, network } from '@tidecast/models';
import { adam, crossEntropy, fit, integratedGradients } from '@tidecast/train';
import { expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  attributionMap,
  createImage,
  gradCam,
  type HeatMap,
  imageSamples,
  occlusionMap,
} from '../../src/index.ts';

const size = 24;

setUpBackend();

/** Draws a cross (label 0) or a ring (1) about a place. */
function draw(pixels: Uint8Array, label: number, [cy, cx]: readonly [number, number]): void {
  for (let i = 0; i < pixels.length; i++) {
    const [dy, dx] = [Math.abs(Math.floor(i / size) - cy), Math.abs((i % size) - cx)];
    const isRing = Math.abs(Math.hypot(dy, dx) - 4) < 0.8;
    const isCross = Math.min(dy, dx) < 1 && Math.max(dy, dx) < 5;
    if (label === 1 ? isRing : isCross) pixels[i] = 255;
  }
}

/** Share of what is positive that lies in the left top half. */
function shareAbove({ data }: HeatMap): number {
  let [above, all] = [0, 0];
  data.forEach((value, i) => {
    if (!(value > 0)) return;
    all += value;
    if (Math.floor(i / size) + (i % size) < size - 1) above += value;
  });
  return above / all;
}

it('gradCam, occlusionMap and integrated gradients find the cross and the ring where they are', async () => {
  const count = 200;
  const labels = Uint8Array.from({ length: count }, (_, n) => n % 2);
  const data = new Uint8Array(count * size * size);
  for (let n = 0; n < count; n++) {
    const pixels = data.subarray(n * size * size, (n + 1) * size * size);
    draw(pixels, labels[n]!, [5 + ((7 * n) % 13), 5 + ((5 * n) % 14)]);
  }
  const images = { count, height: size, width: size, channels: 1 as const, data, labels };
  const layers = [
    ...[cnn2d({ filters: 8, kernelSize: 5 }), maxPool2d(), cnn2d({ filters: 8 })],
    ...[globalPool2d(), dense({ units: 2 })],
  ];
  const model = createModel(network({ input: [size, size, 1], layers }), { seed: 3 });
  await fit(model, imageSamples({ ...images, classes: ['cross', 'ring'] }, { input: [size, size, 1] }), {
    ...{ loss: crossEntropy(), optimizer: adam({ learningRate: 0.01 }), epochs: 10, batchSize: 20, seed: 3 },
  });
  const pixels = new Uint8Array(size * size);
  draw(pixels, 0, [6, 6]);
  draw(pixels, 1, [17, 17]);
  const both = createImage({ height: size, width: size, channels: 1, data: pixels });

  expect(shareAbove(gradCam(model, both, { class: 0 }))).toBeGreaterThan(0.6);
  expect(shareAbove(gradCam(model, both, { class: 1 }))).toBeLessThan(0.2);
  expect(shareAbove(await occlusionMap(model, both, { class: 0, fill: 0 }))).toBeGreaterThan(0.6);
  expect(shareAbove(await occlusionMap(model, both, { class: 1, fill: 0 }))).toBeLessThan(0.4);
  // Integrated gradients of train take pictures as they are, and their contributions add up to the output.
  const x = { data: Float32Array.from(pixels, (value) => value / 255), shape: [1, size, size, 1] };
  const contributions = await integratedGradients(model, x, { output: 1, steps: 64 });
  expect(shareAbove(attributionMap(contributions))).toBeLessThan(0.4);
  expect(
    contributions.gap[0]! / Math.abs(contributions.output[0]! - contributions.baseline[0]!),
  ).toBeLessThan(0.05);
  model.dispose();
});
