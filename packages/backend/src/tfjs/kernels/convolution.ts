// The geometry of a 2D convolution, from the attributes tfjs hands to a kernel.

import { backend_util } from '@tensorflow/tfjs-core';

/** The attributes shared by the backward kernels of convolutions. */
export interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | [[number, number], [number, number], [number, number], [number, number]];
  dilations?: [number, number] | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: 'NHWC' | 'NCHW';
}

type Shape4 = [number, number, number, number];

/**
 * Sizes, strides and padding of the convolution of `[B, H, W, C]` by `[fh, fw, C, K]`.
 * @throws on NCHW, which the WASM backend knows nowhere.
 */
export function convolutionInfo(
  kernel: string,
  inShape: number[],
  filterShape: number[],
  attributes: ConvolutionAttributes,
  depthwise: boolean,
): backend_util.Conv2DInfo {
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = attributes;
  if (dataFormat === 'NCHW') {
    throw new Error(`${kernel}: the wasm backend takes NHWC, got NCHW. Transpose the input to [B, H, W, C].`);
  }
  return backend_util.computeConv2DInfo(
    inShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
}
