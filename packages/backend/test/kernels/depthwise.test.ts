import { beforeAll, describe, expect, it } from 'vitest';
import * as reference from '../reference/kernels.ts';
import { geometryOf, noise, type Pad } from '../reference/support.ts';
import { biasError, convolutionNumbers } from './convolution-numbers.ts';
import { createTestKernels, relativeError, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});

const size = (shape: number[]) => shape.reduce((product, each) => product * each, 1);

/** Forward and all gradients beside float64 loops. */
function check(
  x: [number, number, number, number],
  filter: [number, number, number, number],
  strides: [number, number] = [1, 1],
  pad: Pad = 'valid',
  dilations: [number, number] = [1, 1],
) {
  test.reset();
  const { kernels } = test;
  const geometry = geometryOf(x, filter, strides, pad, dilations);
  const numbers = convolutionNumbers(geometry);
  const K = filter[2] * filter[3];
  const outputs = x[0] * size(geometry.out) * K;
  const [input, weights, bias, dy] = [
    noise(size(x), 1),
    noise(size(filter), 2),
    noise(K, 3),
    noise(outputs, 4),
  ];
  const [xAt, wAt, biasAt, dyAt] = [test.put(input), test.put(weights), test.put(bias), test.put(dy)];
  const [y, bare, dx, dw, db] = [outputs, outputs, size(x), size(filter), K].map(test.garbage) as number[];
  kernels.depthwise(xAt, wAt, biasAt, y!, ...numbers);
  kernels.depthwise(xAt, wAt, 0, bare!, ...numbers);
  kernels.depthwiseInputGradient(dyAt, wAt, dx!, ...numbers);
  kernels.depthwiseFilterGradient(xAt, dyAt, dw!, db!, ...numbers);
  const name = JSON.stringify({ x, filter, strides, pad, dilations });
  const product = reference.depthwise(geometry, input, weights).data;
  const biased = product.map((value, i) => value + bias[i % K]!);
  expect(relativeError(test.get(y!, outputs), biased), `y of ${name}`).toBeLessThan(1e-6);
  expect(relativeError(test.get(bare!, outputs), product), `y of ${name}`).toBeLessThan(1e-6);
  const expectedDx = reference.depthwiseInputGradient(geometry, weights, dy).data;
  expect(relativeError(test.get(dx!, size(x)), expectedDx), `dx of ${name}`).toBeLessThan(1e-6);
  const expectedDw = reference.depthwiseFilterGradient(geometry, input, dy).data;
  expect(relativeError(test.get(dw!, size(filter)), expectedDw), `dw of ${name}`).toBeLessThan(1e-6);
  expect(biasError(test.get(db!, K), dy), `db of ${name}`).toBeLessThan(3e-7);
  test.expectGuards();
}

describe('depthwise convolution and its gradients: relative error < 1e-6 beside float64 loops', () => {
  for (const M of [1, 2, 3, 5]) {
    it(`all channels, strides and dilations, ${M} filters each`, () => {
      for (const B of [1, 3])
        for (const C of [1, 3, 4, 5, 17])
          for (const stride of [1, 2, 3])
            for (const dilation of [1, 2, 3]) {
              check([B, 9, 8, C], [3, 2, C, M], [stride, 1], 'valid', [dilation, dilation]);
              check([B, 7, 9, C], [2, 3, C, M], [1, stride], [2, 1, 0, 3], [1, dilation]);
              check([B, 1, 12, C], [1, 3, C, M], [1, 1], 'same', [1, dilation]);
            }
    });
  }

  it('one pixel, a filter larger than the image, padding beyond the filter, 130 rows', () => {
    for (const C of [1, 3, 8, 17, 37]) {
      check([1, 1, 1, C], [1, 1, C, 2]);
      check([2, 2, 3, C], [5, 5, C, 1], [1, 1], 'same');
      for (const M of [1, 2]) check([2, 3, 3, C], [2, 2, C, M], [1, 1], [3, 3, 4, 3]);
      check([2, 6, 9, C], [2, 3, C, 1], [1, 1], [1, 2, 3, 0], [2, 3]);
      check([3, 130, 5, C], [3, 3, C, 1], [1, 1], 'same');
    }
  });
});
