import { dense, dropout, flatten, type LayerConfig, type ModelConfig, network } from '@tidecast/models';
import { type HeadOptions, headLayers } from './head.ts';
import type { ImageInput } from './image-input.ts';

/** Parts of {@link mlpClassifier}. */
export interface MlpClassifierOptions extends HeadOptions {
  input: ImageInput;
  /** Units of the hidden layers; default `[128]`. */
  units?: readonly number[];
  /** Share of the hidden units that are left out while training; default 0. */
  dropout?: number;
}

/**
 * A multilayer perceptron on the pixels, which knows nothing of neighbourhood: flatten, dense layers with ReLU, head.
 * What a convolutional network is to be measured against.
 */
export function mlpClassifier({
  input,
  units = [128],
  dropout: rate = 0,
  ...head
}: MlpClassifierOptions): ModelConfig {
  return network({ input, layers: [flatten(), ...hiddenLayers(units, rate), ...headLayers(head)] });
}

/** Dense layers with ReLU, each followed by dropout where `rate` is above 0. */
export function hiddenLayers(units: readonly number[], rate: number): LayerConfig[] {
  return units.flatMap((each) => [
    dense({ units: each, activation: 'relu' }),
    ...(rate > 0 ? [dropout({ rate })] : []),
  ]);
}
