// The geometry of a 2D convolution: from the attributes that tfjs hands to a kernel, to the numbers that ours take.

import { backend_util } from '@tensorflow/tfjs-core';
import type { Kernels } from '../../kernels/load-kernels.ts';

/** The attributes shared by the backward kernels of convolutions. */
export interface ConvolutionAttributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | [[number, number], [number, number], [number, number], [number, number]];
  dilations?: [number, number] | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: 'NHWC' | 'NCHW';
}

/** Batch, sizes, strides, dilations and padding, as assembly/convolution/convolution.ts lists them. */
export type ConvolutionGeometry = Parameters<Kernels['convolutionScratch']>;

type Shape4 = [number, number, number, number];

/**
 * The geometry of the convolution of `[B, H, W, C]` by `[fh, fw, C, K]`, or by `[fh, fw, C, M]` where `depthwise`.
 * @throws on NCHW, which the WASM backend knows nowhere.
 */
export function convolutionGeometry(
  kernel: string,
  inShape: number[],
  filterShape: number[],
  attributes: ConvolutionAttributes,
  depthwise: boolean,
): ConvolutionGeometry {
  const { strides, pad, dilations, dimRoundingMode, dataFormat } = attributes;
  if (dataFormat === 'NCHW') {
    throw new Error(`${kernel}: the wasm backend takes NHWC, got NCHW. Transpose the input to [B, H, W, C].`);
  }
  const info = backend_util.computeConv2DInfo(
    inShape as Shape4,
    filterShape as Shape4,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    depthwise,
  );
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    filterShape[3]!,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}
