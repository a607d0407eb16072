// Gradients of convolutions tap by tap, out of operations that are no convolutions: slower, and the same on every processor.

import * as tf from '@tensorflow/tfjs-core';
import { spread } from '../spread.ts';

type Info = tf.backend_util.Conv2DInfo;

/**
 * The gradient by the image `[B, H, W, C]` of a convolution in NHWC without dilation.
 * @param dy `[B, H′, W′, K]`, or `[B, H′, W′, C·M]` of a depthwise one.
 * @param filter `[fh, fw, C, K]`, or `[fh, fw, C, M]`.
 */
export function inputGradientByTaps(dy: tf.Tensor, filter: tf.Tensor, info: Info, depthwise: boolean) {
  return tf.tidy(() => {
    const { batchSize, inHeight, inWidth, inChannels, strideHeight, strideWidth } = info;
    const [height, width] = paddedSize(info);
    const terms = taps(info).map(([row, column]) => {
      const tap = tapOf(filter, row, column);
      const small = depthwise
        ? tf.sum(tf.mul(tf.reshape(dy, [-1, ...tap.shape]), tap), 2)
        : tf.matMul(tf.reshape(dy, [-1, tap.shape[1]!]), tap, false, true);
      const image = tf.reshape(small, [batchSize, info.outHeight, info.outWidth, inChannels]);
      const term = spread(spread(image, 1, strideHeight), 2, strideWidth);
      return tf.pad(term, [
        [0, 0],
        [row, height - row - term.shape[1]!],
        [column, width - column - term.shape[2]!],
        [0, 0],
      ]);
    });
    const { top, left } = info.padInfo;
    return tf.slice(tf.addN(terms), [0, top, left, 0], [batchSize, inHeight, inWidth, inChannels]);
  });
}

/**
 * The gradient by the filter, `[fh, fw, C, K]`, or `[fh, fw, C, M]` of a depthwise one.
 * @param x `[B, H, W, C]`.
 * @param dy `[B, H′, W′, K]`, or `[B, H′, W′, C·M]`.
 */
export function filterGradientByTaps(x: tf.Tensor, dy: tf.Tensor, info: Info, depthwise: boolean) {
  return tf.tidy(() => {
    const { batchSize, inChannels, outHeight, outWidth, strideHeight, strideWidth } = info;
    const { top, left } = info.padInfo;
    const [height, width] = paddedSize(info);
    const padded = tf.pad(x, [
      [0, 0],
      [top, height - info.inHeight - top],
      [left, width - info.inWidth - left],
      [0, 0],
    ]);
    const gradients = taps(info).map(([row, column]) => {
      const end = [row + (outHeight - 1) * strideHeight + 1, column + (outWidth - 1) * strideWidth + 1];
      const seen = tf.stridedSlice(
        padded,
        [0, row, column, 0],
        [batchSize, ...end, inChannels],
        [1, strideHeight, strideWidth, 1],
      );
      return depthwise
        ? tf.sum(
            tf.mul(tf.reshape(seen, [-1, inChannels, 1]), tf.reshape(dy, [-1, inChannels, multiplier(info)])),
            0,
          )
        : tf.matMul(tf.reshape(seen, [-1, inChannels]), tf.reshape(dy, [-1, info.outChannels]), true, false);
    });
    return tf.reshape(tf.stack(gradients), info.filterShape);
  });
}

const multiplier = ({ outChannels, inChannels }: Info) => outChannels / inChannels;

/** [row, column] of every tap of the filter. */
function taps({ filterHeight, filterWidth }: Info): [number, number][] {
  return Array.from({ length: filterHeight * filterWidth }, (_, tap) => [
    Math.floor(tap / filterWidth),
    tap % filterWidth,
  ]);
}

/** `[C, K]` of one tap. */
function tapOf(filter: tf.Tensor, row: number, column: number): tf.Tensor {
  const channels = filter.shape.slice(2) as [number, number];
  return tf.reshape(tf.slice(filter, [row, column, 0, 0], [1, 1, ...channels]), channels);
}

/** Height and width of the image with its padding, and at least of what the windows cover. */
function paddedSize({ padInfo, ...info }: Info): [number, number] {
  return [
    Math.max(
      info.inHeight + padInfo.top + padInfo.bottom,
      (info.outHeight - 1) * info.strideHeight + info.filterHeight,
    ),
    Math.max(
      info.inWidth + padInfo.left + padInfo.right,
      (info.outWidth - 1) * info.strideWidth + info.filterWidth,
    ),
  ];
}
