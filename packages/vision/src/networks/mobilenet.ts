import {
  type Activation,
  batchNorm,
  cnn2d,
  globalPool2d,
  type ModelConfig,
  network,
  separableCnn2d,
} from '@tidecast/models';
import { type HeadOptions, headLayers } from './head.ts';
import type { ImageInput } from './image-input.ts';

/** A block of a MobileNet: a separable convolution with batch norm. */
export interface MobilenetBlock {
  filters: number;
  /** Default 1. */
  stride?: number;
}

/** Parts of {@link mobilenet}. */
export interface MobilenetOptions extends HeadOptions {
  input: ImageInput;
  /** What all filters are multiplied by; default 1. */
  width?: number;
  /** The first convolution; default 32 filters, stride 2. Pictures of 32 or 64 pixels want stride 1. */
  stem?: MobilenetBlock;
  /** Default: the thirteen of the paper. */
  blocks?: readonly MobilenetBlock[];
  /** Default `relu6`. */
  activation?: Activation;
}

const BLOCKS: readonly MobilenetBlock[] = [
  { filters: 64 },
  { filters: 128, stride: 2 },
  { filters: 128 },
  { filters: 256, stride: 2 },
  { filters: 256 },
  { filters: 512, stride: 2 },
  ...Array.from({ length: 5 }, () => ({ filters: 512 })),
  { filters: 1024, stride: 2 },
  { filters: 1024 },
];

/**
 * MobileNet (Howard et al. 2017, arXiv:1704.04861): a 3 × 3 convolution, separable convolutions with batch norm, the mean
 * over the picture, head. About a ninth of the work of plain convolutions.
 * @throws if `width` is not above 0, or there are no blocks.
 */
export function mobilenet({
  input,
  width = 1,
  stem = { filters: 32, stride: 2 },
  blocks = BLOCKS,
  activation = 'relu6',
  ...head
}: MobilenetOptions): ModelConfig {
  if (!(width > 0 && Number.isFinite(width))) {
    throw new Error(`mobilenet: width must be a number above 0, got ${width}.`);
  }
  if (blocks.length === 0) throw new Error('mobilenet: expected at least one block, got none.');
  const sized = ({ filters, stride = 1 }: MobilenetBlock) => ({
    filters: Math.max(1, Math.round(width * filters)),
    stride,
    padding: 1,
  });
  return network({
    input,
    layers: [
      cnn2d({ ...sized(stem), kernelSize: 3, useBias: false, activation: 'linear', kernelInit: 'heNormal' }),
      batchNorm({ activation }),
      ...blocks.flatMap((block) =>
        separableCnn2d({ ...sized(block), kernelSize: 3, batchNorm: true, activation }),
      ),
      globalPool2d(),
      ...headLayers(head),
    ],
  });
}
