import type { Activation } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import { batchNorm } from './batch-norm.ts';
import { cnn2d } from './cnn2d.ts';
import { depthwiseCnn2d } from './depthwise-cnn2d.ts';
import type { Padding, PerAxis } from './image-windows.ts';

/** Settings of {@link separableCnn2d}. Pairs are [height, width]; one number stands for both. */
export interface SeparableCnn2dSettings {
  /** Number of output channels. */
  filters: number;
  /** Pixels each depthwise filter sees; default 3. */
  kernelSize?: PerAxis;
  /** Pixels between results; default 1. */
  stride?: PerAxis;
  /** Pixels between the pixels a filter sees; default 1. */
  dilation?: PerAxis;
  /** Zeros around the image; default `valid`: none. */
  padding?: Padding;
  /** Depthwise filters of each channel; default 1. */
  multiplier?: number;
  /** Batch norm and the activation after each of the two, in place of a bias, as in MobileNet; default false. */
  batchNorm?: boolean;
  /** Default `relu`. */
  activation?: Activation;
}

/**
 * A convolution in two steps, every channel by itself and then across channels, with about 1/kernelSize² of the work
 * (Howard et al. 2017, arXiv:1704.04861). Returns its layers: `[cnn2d(…), ...separableCnn2d({ filters: 64 }), …]`.
 */
export function separableCnn2d(settings: SeparableCnn2dSettings): LayerConfig[] {
  const { filters, batchNorm: normalised = false, activation = 'relu', ...depthwise } = settings;
  const pointwise = { filters, kernelSize: 1 };
  if (!normalised) {
    return [
      depthwiseCnn2d({ ...depthwise, useBias: false, activation: 'linear' }),
      cnn2d({ ...pointwise, activation }),
    ];
  }
  const bare = { useBias: false, activation: 'linear' } as const;
  return [
    depthwiseCnn2d({ ...depthwise, ...bare }),
    batchNorm({ activation }),
    cnn2d({ ...pointwise, ...bare }),
    batchNorm({ activation }),
  ];
}
