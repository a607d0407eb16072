// The study's networks, one function for each family: a day in, a day out.

import { cnn1d, dense, flatten, gru, lstm, type ModelConfig, network, reshape } from '@tidecast/models';

/** The families that the study compares. */
export const families = ['cnn', 'lstm', 'gru'] as const;
export type Family = (typeof families)[number];

/** A network of `family` for windows `[steps, channels]` → `[horizon, 1]`. */
export function familyConfig(family: Family, steps: number, channels: number, horizon: number): ModelConfig {
  const output = [dense({ units: horizon }), reshape({ shape: [horizon, 1] })];
  const body = {
    cnn: () => [
      cnn1d({ filters: 16, activation: 'relu' }),
      cnn1d({ filters: 16, activation: 'relu' }),
      flatten(),
    ],
    lstm: () => [lstm({ units: 20 })],
    gru: () => [gru({ units: 20 })],
  };
  return network({ input: [steps, channels], layers: [...body[family](), ...output] });
}
