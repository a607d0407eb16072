// The networks of the points, in Tidecast's words.

import {
  cnn1d,
  cnn2d,
  dense,
  flatten,
  gru,
  type LayerConfig,
  lstm,
  type ModelConfig,
  maxPool1d,
  maxPool2d,
  network,
  rnn,
} from '@tidecast/models';
import { crossEntropy, type Loss, mse } from '@tidecast/train';
import { CHANNELS, CLASSES, IMAGE_SHAPE, OUTPUTS, type Point, TIME_STEPS } from '../points.ts';

/** The layers on windows `[T, 2]`, up to the outputs, by cell. */
const windowLayers: Record<string, (units: number) => LayerConfig[]> = {
  rnn: (units) => [rnn({ units })],
  lstm: (units) => [lstm({ units })],
  gru: (units) => [gru({ units })],
  cnn1d: (units) => [
    cnn1d({ filters: units, kernelSize: 2, activation: 'relu' }),
    maxPool1d({ poolSize: 2 }),
    flatten(),
  ],
};

/** The network of a point. */
export function networkFor({ cell, units, T = TIME_STEPS }: Point): ModelConfig {
  if (cell === 'cnn2d') return imageNetwork;
  return network({
    input: [T, CHANNELS],
    layers: [...windowLayers[cell]!(units), dense({ units: OUTPUTS })],
  });
}

/** Images `[28, 28, 1]` to the logits of ten classes; convolutions without padding. */
const imageNetwork = network({
  input: IMAGE_SHAPE,
  layers: [
    cnn2d({ filters: 24, kernelSize: 3, activation: 'relu' }),
    maxPool2d({ poolSize: 2 }),
    cnn2d({ filters: 36, kernelSize: 3, activation: 'relu' }),
    maxPool2d({ poolSize: 2 }),
    flatten(),
    dense({ units: 128, activation: 'relu' }),
    dense({ units: CLASSES }),
  ],
});

/** What a point's training minimises: squared errors, or the cross-entropy of classes. */
export function lossFor({ cell }: Point): Loss {
  return cell === 'cnn2d' ? crossEntropy() : mse();
}
