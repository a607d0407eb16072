import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { geometryOf, type Pad } from '../reference/support.ts';
import { checkConvolution } from './check-convolution.ts';
import { convolutionNumbers } from './convolution-numbers.ts';
import { createTestKernels, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});
beforeEach(() => test.reset());

function check(
  x: [number, number, number, number],
  filter: [number, number, number, number],
  strides: [number, number] = [1, 1],
  pad: Pad = 'valid',
  dilations: [number, number] = [1, 1],
  bound = 1e-6,
) {
  checkConvolution(test, x, filter, { strides, pad, dilations, bound });
}

const odd = [1, 3, 5, 17];

describe('convolution and its gradients: relative error < 1e-6 beside float64 loops', () => {
  for (const B of [1, 3]) {
    it(`all channels, strides and dilations, batch ${B}`, () => {
      for (const C of odd)
        for (const K of odd)
          for (const stride of [1, 2, 3])
            for (const dilation of [1, 2, 3]) {
              check([B, 9, 8, C], [3, 2, C, K], [stride, 1], 'valid', [dilation, dilation]);
              check([B, 7, 9, C], [2, 3, C, K], [1, stride], [2, 1, 0, 3], [1, dilation]);
            }
    });
  }

  it('1D: height 1, kernels 1 to 5, valid, same and causal', () => {
    for (const [C, K] of [
      [1, 5],
      [2, 50],
      [3, 8],
      [17, 16],
    ] as const)
      for (const taps of [1, 2, 3, 5])
        for (const dilation of [1, 2, 3])
          for (const pad of ['valid', 'same', [0, 0, (taps - 1) * dilation, 0]] as Pad[])
            check([3, 1, 24, C], [1, taps, C, K], [1, 1], pad, [1, dilation]);
  });

  it('1 × 1 filters, one output pixel, a filter as large as the image, padding beyond the filter', () => {
    for (const C of odd) {
      check([3, 5, 4, C], [1, 1, C, 9]);
      check([3, 5, 4, C], [1, 1, C, 9], [2, 3]);
      check([3, 3, 2, C], [3, 2, C, 12]);
      check([1, 1, 1, C], [1, 1, C, 1]);
      check([2, 3, 3, C], [2, 2, C, 4], [1, 1], [3, 3, 4, 3]);
      check([2, 2, 3, C], [5, 5, C, 4], [1, 1], 'same');
      check([2, 9, 7, C], [1, 2, C, 4], [4, 3]);
    }
  });

  it.each([
    ['many images to a block', [70, 5, 5, 3], [3, 3, 3, 6], 'same'],
    ['many images of one pixel', [300, 2, 2, 3], [2, 2, 3, 6], 'valid'],
    ['blocks of rows', [2, 37, 41, 3], [3, 3, 3, 10], 'same'],
    ['blocks of rows, not padded', [2, 37, 41, 3], [3, 3, 3, 10], 'valid'],
    ['blocks of columns', [2, 3, 600, 2], [2, 3, 2, 7], 'same'],
    ['blocks of columns in 1D', [2, 1, 530, 2], [1, 3, 2, 7], 'valid'],
  ] as [string, [number, number, number, number], [number, number, number, number], Pad][])(
    '%s',
    (_, x, filter, pad) => {
      for (const stride of [1, 2] as const) check(x, filter, [stride, stride], pad);
      if (x[2] > 2) check(x, filter, [1, 1], pad, [1, 2]);
    },
  );
});

it('the layers of an MNIST-size network: relative error < 2e-6 over 43,264 pixels', () => {
  check([64, 28, 28, 1], [3, 3, 1, 24], [1, 1], 'valid', [1, 1], 2e-6);
  check([16, 13, 13, 24], [3, 3, 24, 36], [1, 1], 'valid', [1, 1], 2e-6);
});

it('an empty batch gives filter gradients of 0', () => {
  const geometry = geometryOf([0, 4, 4, 1], [2, 2, 1, 3], [1, 1], 'valid');
  const numbers = convolutionNumbers(geometry);
  const [dw, db] = [test.garbage(12), test.garbage(3)];
  const scratch = test.garbage(test.kernels.convolutionScratch(...numbers));
  test.kernels.convolutionFilterGradient(test.put([]), test.put([]), dw, db, ...numbers, scratch);
  expect([...test.get(dw, 12), ...test.get(db, 3)]).toEqual(new Array(15).fill(0));
});
