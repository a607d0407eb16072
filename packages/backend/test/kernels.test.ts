import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import { currentKernels } from '../src/index.ts';
import * as reference from './reference/kernels.ts';
import { expectClose, geometryOf, noise, type Pad, tfPad } from './reference/support.ts';

setUpBackend();

/** float32 sums of a few hundred products of numbers below 1. */
const BOUND = 2e-6;

type Shape = [number, number, number, number];
interface Case {
  name: string;
  x: Shape;
  filter: Shape;
  strides: [number, number];
  pad: Pad;
  dilations?: [number, number];
}
const cases: Case[] = [
  { name: 'one pixel', x: [1, 1, 1, 1], filter: [1, 1, 1, 1], strides: [1, 1], pad: 'valid' },
  { name: '1D, kernel 2', x: [3, 1, 12, 2], filter: [1, 2, 2, 5], strides: [1, 1], pad: 'valid' },
  { name: '1D, kernel 3, same', x: [2, 1, 7, 3], filter: [1, 3, 3, 4], strides: [1, 1], pad: 'same' },
  { name: 'valid 3 × 2', x: [2, 5, 7, 3], filter: [3, 2, 3, 4], strides: [1, 1], pad: 'valid' },
  { name: 'same 3 × 3', x: [2, 5, 4, 3], filter: [3, 3, 3, 2], strides: [1, 1], pad: 'same' },
  { name: 'same 2 × 4, stride 2 × 3', x: [3, 7, 8, 2], filter: [2, 4, 2, 3], strides: [2, 3], pad: 'same' },
  {
    name: 'valid, stride leaves pixels over',
    x: [2, 8, 9, 1],
    filter: [3, 2, 1, 3],
    strides: [3, 2],
    pad: 'valid',
  },
  { name: 'stride beyond the filter', x: [2, 9, 7, 2], filter: [1, 2, 2, 2], strides: [4, 3], pad: 'valid' },
  { name: 'padding of a number', x: [1, 4, 5, 2], filter: [3, 3, 2, 3], strides: [2, 2], pad: 1 },
  { name: 'explicit padding', x: [2, 5, 4, 2], filter: [3, 2, 2, 3], strides: [1, 1], pad: [2, 1, 1, 0] },
  {
    name: 'filter as large as the image',
    x: [4, 3, 5, 2],
    filter: [3, 5, 2, 17],
    strides: [1, 1],
    pad: 'valid',
  },
  {
    name: '1D, dilation 3',
    x: [3, 1, 12, 2],
    filter: [1, 3, 2, 5],
    strides: [1, 1],
    pad: 'valid',
    dilations: [1, 3],
  },
  {
    name: 'dilation 2 × 3, same',
    x: [2, 9, 8, 3],
    filter: [3, 2, 3, 4],
    strides: [1, 1],
    pad: 'same',
    dilations: [2, 3],
  },
  {
    name: 'dilation beyond the image, same',
    x: [2, 3, 4, 2],
    filter: [3, 3, 2, 3],
    strides: [1, 1],
    pad: 'same',
    dilations: [4, 1],
  },
];

describe('relative error < 2e-6 beside float64 loops', () => {
  for (const { name, x, filter, strides, pad, dilations = [1, 1] as [number, number] } of cases) {
    const skipped = testBackend === 'native' && typeof pad !== 'string';
    it.skipIf(skipped)(`conv2d: ${name}${skipped ? ' (skipped: tfjs-node lacks it)' : ''}`, async () => {
      const geometry = geometryOf(x, filter, strides, pad, dilations);
      const input = tf.tensor4d(noise(tf.util.sizeFromShape(x), 1), x);
      const weights = tf.tensor4d(noise(tf.util.sizeFromShape(filter), 2), filter);
      const dyShape: Shape = [x[0], ...geometry.out, filter[3]];
      const dy = tf.tensor4d(noise(tf.util.sizeFromShape(dyShape), 3), dyShape);
      const convolve = (a: tf.Tensor, w: tf.Tensor) =>
        tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, strides, tfPad(pad), 'NHWC', dilations);
      const [dx, dw] = tf.grads(convolve)([input, weights], dy);
      expect(dw!.shape).toEqual(filter);
      const [xs, ws, dys] = [input.dataSync(), weights.dataSync(), dy.dataSync()];
      await expectClose(dw!, reference.conv2dFilterGradient(geometry, xs, dys).data, BOUND);
      await expectClose(dx!, reference.conv2dInputGradient(geometry, ws, dys).data, BOUND);
      tf.dispose([input, weights, dy, dx!, dw!]);
    });

    const missing = skipped || (testBackend === 'native' && strides[0] !== strides[1]);
    it.skipIf(missing)(`depthwise: ${name}${missing ? ' (skipped: TensorFlow lacks it)' : ''}`, async () => {
      const multiplier = 1 + (filter[3] % 3);
      const depthwise: Shape = [filter[0], filter[1], filter[2], multiplier];
      const geometry = geometryOf(x, depthwise, strides, pad, dilations);
      const input = tf.tensor4d(noise(tf.util.sizeFromShape(x), 1), x);
      const weights = tf.tensor4d(noise(tf.util.sizeFromShape(depthwise), 2), depthwise);
      const dyShape: Shape = [x[0], ...geometry.out, x[3] * multiplier];
      const dy = tf.tensor4d(noise(tf.util.sizeFromShape(dyShape), 3), dyShape);
      const convolve = (a: tf.Tensor, w: tf.Tensor) =>
        tf.depthwiseConv2d(
          a as tf.Tensor4D,
          w as tf.Tensor4D,
          strides,
          tfPad(pad) as 'same',
          'NHWC',
          dilations,
        );
      const [dx, dw] = tf.grads(convolve)([input, weights], dy);
      expect(dw!.shape).toEqual(depthwise);
      const [xs, ws, dys] = [input.dataSync(), weights.dataSync(), dy.dataSync()];
      await expectClose(dw!, reference.depthwiseFilterGradient(geometry, xs, dys).data, BOUND);
      await expectClose(dx!, reference.depthwiseInputGradient(geometry, ws, dys).data, BOUND);
      tf.dispose([input, weights, dy, dx!, dw!]);
    });
  }

  for (const kind of ['max', 'mean'] as const) {
    for (const [name, x, window, strides, pad] of [
      ['1D, window 2', [2, 1, 12, 3], [1, 2], [1, 2], 'valid'],
      ['3 × 2, same', [2, 5, 7, 3], [3, 2], [1, 1], 'same'],
      ['2 × 2, stride 2, same, odd', [3, 5, 7, 2], [2, 2], [2, 2], 'same'],
    ] as [string, Shape, [number, number], [number, number], 'valid' | 'same'][]) {
      it(`${kind} pool: ${name}`, async () => {
        const geometry = geometryOf(x, [...window, x[3], 1], strides, pad);
        const input = tf.tensor4d(noise(tf.util.sizeFromShape(x), 5), x);
        const dyShape: Shape = [x[0], ...geometry.out, x[3]];
        const dy = tf.tensor4d(noise(tf.util.sizeFromShape(dyShape), 6), dyShape);
        const pool = kind === 'max' ? tf.maxPool : tf.avgPool;
        const y = pool(input, window, strides, pad);
        await expectClose(y, reference.pool(kind, geometry, input.dataSync()).data, BOUND);
        const dx = tf.grad((a: tf.Tensor) => pool(a as tf.Tensor4D, window, strides, pad))(input, dy);
        const expected = reference.poolGradient(kind, geometry, input.dataSync(), dy.dataSync());
        await expectClose(dx, expected.data, BOUND);
        tf.dispose([input, y, dy, dx]);
      });
    }
  }
});

describe('unsorted segment sum', () => {
  it('sums rows by id and leaves negative ids out', async () => {
    const ids = [3, 0, -1, 3, 1, 0, 3];
    const x = tf.tensor3d(noise(7 * 2 * 3, 1), [7, 2, 3]);
    const segmentIds = tf.tensor1d(ids, 'int32');
    const sums = tf.unsortedSegmentSum(x, segmentIds, 5);
    expect(sums.shape).toEqual([5, 2, 3]);
    await expectClose(sums, reference.segmentSum(x.dataSync(), ids, 6, 5).data, BOUND);
    tf.dispose([x, segmentIds, sums]);
  });

  it('keeps whole numbers whole', () => {
    const x = tf.tensor1d([1, 2, 3, 16777217], 'int32');
    const segmentIds = tf.tensor1d([1, 1, 0, 0], 'int32');
    const sums = tf.unsortedSegmentSum(x, segmentIds, 2);
    expect(sums.dtype).toBe('int32');
    expect([...sums.dataSync()]).toEqual([16777220, 3]);
    tf.dispose([x, segmentIds, sums]);
  });

  it('refuses an id that is too large', () => {
    const x = tf.tensor1d([1, 2]);
    const segmentIds = tf.tensor1d([0, 2], 'int32');
    expect(() => tf.unsortedSegmentSum(x, segmentIds, 2)).toThrow(/2/);
    tf.dispose([x, segmentIds]);
  });

  for (const axis of [0, 1]) {
    it(`gives the gradient of a gather along axis ${axis}: an embedding learns`, async () => {
      const table = tf.tensor2d(noise(5 * 4, 1), [5, 4]);
      const ids = tf.tensor1d([3, 0, 3, 1, 3], 'int32');
      const dyShape: [number, number] = axis === 0 ? [5, 4] : [5, 5];
      const dy = tf.tensor2d(noise(dyShape[0] * dyShape[1], 2), dyShape);
      const gradient = tf.grad((t: tf.Tensor) => tf.gather(t, ids, axis))(table, dy);
      const expected = new Float64Array(20);
      const dys = dy.arraySync();
      for (const [row, id] of [3, 0, 3, 1, 3].entries())
        for (let i = 0; i < (axis === 0 ? 4 : 5); i++)
          if (axis === 0) expected[id * 4 + i]! += dys[row]![i]!;
          else expected[i * 4 + id]! += dys[i]![row]!;
      await expectClose(gradient, expected, BOUND);
      tf.dispose([table, ids, dy, gradient]);
    });
  }
});

// TensorFlow's own kernels sum in an order that differs from machine to machine; 5.1e-6 was seen.
const longSumBound = testBackend === 'native' ? 2e-5 : 5e-6;
it(`sums over 92,160 pixels: relative error < ${longSumBound}`, async () => {
  const shape: Shape = [40, 48, 48, 4];
  const geometry = geometryOf(shape, [5, 5, 4, 3], [1, 1], 'same');
  const x = tf.tensor4d(noise(tf.util.sizeFromShape(shape), 1), shape);
  const dy = tf.tensor4d(noise(40 * 48 * 48 * 3, 2), [40, 48, 48, 3]);
  const w = tf.zeros<tf.Rank.R4>([5, 5, 4, 3]);
  const dw = tf.grad((filter: tf.Tensor) => tf.conv2d(x, filter as tf.Tensor4D, 1, 'same'))(w, dy);
  await expectClose(
    dw,
    reference.conv2dFilterGradient(geometry, x.dataSync(), dy.dataSync()).data,
    longSumBound,
  );
  tf.dispose([x, dy, w, dw]);
});

it.skipIf(testBackend === 'native')(
  'gives its scratch back, and survives memory that grows (WASM only)',
  async () => {
    const x = tf.tensor4d(noise(8 * 20 * 20 * 6, 1), [8, 20, 20, 6]);
    const w = tf.tensor4d(noise(3 * 3 * 6 * 10, 2), [3, 3, 6, 10]);
    const gradients = () =>
      tf.tidy(() => {
        const f = (a: tf.Tensor, b: tf.Tensor) =>
          tf.sum(tf.square(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same')));
        return tf
          .grads(f)([x, w])
          .map((each) => [...each.dataSync()]);
      });
    const first = gradients();
    const { memory } = currentKernels()!;
    const size = memory.buffer.byteLength;
    for (let i = 0; i < 200; i++) gradients();
    expect(memory.buffer.byteLength).toBe(size);
    const large = tf.zeros([size / 4]);
    expect(memory.buffer.byteLength).toBeGreaterThan(size);
    expect(gradients()).toEqual(first);
    tf.dispose([x, w, large]);
  },
);

it.skipIf(testBackend === 'native')('refuses NCHW and says what to do (WASM only)', () => {
  const [x, dy] = [tf.ones([1, 2, 4, 4]), tf.ones([1, 3, 4, 4])];
  const attrs = { strides: [1, 1], pad: 'same', dataFormat: 'NCHW', filterShape: [1, 1, 2, 3] };
  const run = () => tf.engine().runKernel('Conv2DBackpropFilter', { x, dy }, attrs);
  expect(run).toThrow('Transpose the input to [B, H, W, C]');
  tf.dispose([x, dy]);
});
