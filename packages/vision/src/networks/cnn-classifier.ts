import { cnn2d, flatten, type LayerConfig, type ModelConfig, maxPool2d, network } from '@tidecast/models';
import { type HeadOptions, headLayers } from './head.ts';
import type { ImageInput } from './image-input.ts';
import { hiddenLayers } from './mlp-classifier.ts';

/** Parts of {@link cnnClassifier}. */
export interface CnnClassifierOptions extends HeadOptions {
  input: ImageInput;
  /** Filters of each block; default `[24, 36]`. */
  filters?: readonly number[];
  /** Convolutions in each block; default 1. */
  convolutions?: number;
  /** Pixels each filter sees; default 3. */
  kernelSize?: number;
  /** `valid` (default) loses a border at every convolution, `same` keeps the size. */
  padding?: 'valid' | 'same';
  /** Pixels of the max pooling that ends a block; default 2. */
  poolSize?: number;
  /** Units of the dense layers before the head; default `[128]`. */
  units?: readonly number[];
  /** Share of those units that are left out while training; default 0. */
  dropout?: number;
}

/**
 * A plain convolutional network (LeCun et al. 1998, with ReLU and max pooling): blocks of convolutions and a pooling
 * each, then dense layers and the head. The defaults are the network for digits: 24 and 36 filters of 3 × 3, 128 units.
 */
export function cnnClassifier({
  input,
  filters = [24, 36],
  convolutions = 1,
  kernelSize = 3,
  padding = 'valid',
  poolSize = 2,
  units = [128],
  dropout = 0,
  ...head
}: CnnClassifierOptions): ModelConfig {
  if (!(Number.isInteger(convolutions) && convolutions >= 1)) {
    throw new Error(`cnnClassifier: convolutions must be a whole number from 1, got ${convolutions}.`);
  }
  const blocks = filters.flatMap((each): LayerConfig[] => [
    ...Array.from({ length: convolutions }, () => cnn2d({ filters: each, kernelSize, padding })),
    maxPool2d({ poolSize }),
  ]);
  return network({
    input,
    layers: [...blocks, flatten(), ...hiddenLayers(units, dropout), ...headLayers(head)],
  });
}
