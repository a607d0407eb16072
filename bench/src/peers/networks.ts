// The networks of the points, in Tidecast's words.

import {
  cnn1d,
  dense,
  flatten,
  gru,
  type LayerConfig,
  lstm,
  type ModelConfig,
  maxPool1d,
  network,
  rnn,
} from '@tidecast/models';
import { CHANNELS, OUTPUTS, type Point, TIME_STEPS } from '../points.ts';

/** The layers on windows `[T, 2]`, up to the outputs, by cell. */
const layersFor: Record<string, (units: number) => LayerConfig[]> = {
  rnn: (units) => [rnn({ units })],
  lstm: (units) => [lstm({ units })],
  gru: (units) => [gru({ units })],
  cnn1d: (units) => [
    cnn1d({ filters: units, kernelSize: 2, activation: 'relu' }),
    maxPool1d({ poolSize: 2 }),
    flatten(),
  ],
};

/** The network of a point. @throws for cells that Tidecast has no layers for. */
export function networkFor({ cell, units, T = TIME_STEPS }: Point): ModelConfig {
  const layers = layersFor[cell]?.(units);
  if (!layers) throw new Error(`tidecast has no layers for ${cell} yet`);
  return network({ input: [T, CHANNELS], layers: [...layers, dense({ units: OUTPUTS })] });
}
