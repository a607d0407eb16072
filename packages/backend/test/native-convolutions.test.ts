import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import { filterGradientByTaps, inputGradientByTaps } from '../src/tfjs/native/convolution-taps.ts';
import { mendConvolutions } from '../src/tfjs/native/convolutions.ts';
import { expectClose, noise } from './reference/support.ts';

setUpBackend();

type Shape4 = [number, number, number, number];

const tensor = (shape: number[], seed: number) =>
  tf.tensor4d(noise(tf.util.sizeFromShape(shape), seed), shape as Shape4);

const geometries: { image: Shape4; filter: Shape4; strides: [number, number]; pad: 'valid' | 'same' }[] = [];
for (const image of [
  [3, 3, 3, 1],
  [1, 8, 5, 3],
  [2, 7, 10, 2],
] as Shape4[]) {
  for (const [height, width, outputs] of [
    [3, 3, 1],
    [1, 1, 4],
    [2, 3, 2],
  ] as const) {
    for (const strides of [
      [1, 1],
      [2, 2],
      [3, 3],
    ] as [number, number][]) {
      for (const pad of ['valid', 'same'] as const) {
        geometries.push({ image, filter: [height, width, image[3], outputs], strides, pad });
      }
    }
  }
}

describe('gradients tap by tap are those of tfjs', () => {
  for (const depthwise of [false, true]) {
    it.each(geometries)(
      `${depthwise ? 'depthwise, ' : ''}$image by $filter, strides $strides, $pad`,
      async ({ image, filter: filterShape, strides, pad }) => {
        const [x, filter] = [tensor(image, 1), tensor(filterShape, 2)];
        const convolve = (a: tf.Tensor, b: tf.Tensor) =>
          (depthwise ? tf.depthwiseConv2d : tf.conv2d)(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad);
        const y = convolve(x, filter);
        const dy = tensor(y.shape, 3);
        const [dx, dFilter] = tf.grads(convolve)([x, filter], dy) as [tf.Tensor, tf.Tensor];
        const info = tf.backend_util.computeConv2DInfo(
          image,
          filterShape,
          strides,
          1,
          pad,
          undefined,
          depthwise,
        );
        const byTaps = [
          inputGradientByTaps(dy, filter, info, depthwise),
          filterGradientByTaps(x, dy, info, depthwise),
        ] as const;
        await expectClose(byTaps[0], dx.dataSync(), 1e-5);
        await expectClose(byTaps[1], dFilter.dataSync(), 1e-5);
        tf.dispose([x, filter, y, dy, dx, dFilter, ...byTaps]);
      },
    );
  }
});

const skipped = testBackend === 'native' ? '' : ' (skipped: native only)';

describe.skipIf(skipped)(`a kernel of TensorFlow that is wrong on this processor${skipped}`, () => {
  const warnings: string[] = [];
  afterEach(() => vi.restoreAllMocks());

  for (const [kernelName, name, convolve] of [
    [tf.Conv2DBackpropInput, 'image', tf.conv2d],
    [tf.Conv2DBackpropFilter, 'filter', tf.conv2d],
    [tf.DepthwiseConv2dNativeBackpropInput, 'image of a depthwise one', tf.depthwiseConv2d],
    [tf.DepthwiseConv2dNativeBackpropFilter, 'filter of a depthwise one', tf.depthwiseConv2d],
  ] as const) {
    it(`by the ${name}: the right gradient, and no tensor left over`, async () => {
      const [x, filter] = [tensor([2, 5, 6, 3], 1), tensor([3, 3, 3, 2], 2)];
      const gradients = () =>
        tf.tidy(() => {
          const loss = (a: tf.Tensor, b: tf.Tensor) =>
            tf.sum(tf.square(convolve(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same')));
          return tf
            .grads(loss)([x, filter])
            .map((gradient) => gradient.dataSync().slice());
        });
      const right = gradients();
      const config = tf.getKernel(kernelName, 'tensorflow');
      const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
      const twice: tf.KernelFunc = (call) => tf.tidy(() => tf.mul(config.kernelFunc(call) as tf.Tensor, 2));
      tf.unregisterKernel(kernelName, 'tensorflow');
      tf.registerKernel({ ...config, kernelFunc: twice });
      try {
        const i = kernelName.endsWith('Input') ? 0 : 1;
        expect(gradients()[i]![0]).toBeCloseTo(2 * right[i]![0]!, 3);
        mendConvolutions();
        gradients()[i]!.forEach((value, at) => {
          expect(Math.abs(value - right[i]![at]!)).toBeLessThan(1e-4);
        });
        warnings.push(...warning.mock.calls.map(([message]) => String(message)));
      } finally {
        tf.unregisterKernel(kernelName, 'tensorflow');
        tf.registerKernel(config);
        tf.dispose([x, filter]);
      }
    });
  }

  it('is told of once', () => {
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('wrong gradient by the input of Conv2D ([2,5,6,3] by [3,3,3,2])');
  });
});
