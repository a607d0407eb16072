// The networks that the application and the study train, one function for each family.

import { cnn1d, dense, flatten, gru, lstm, type ModelConfig, network, reshape } from '@tidecast/models';
import type { ModelName } from './options.ts';

/** A network of `family` for windows `[steps, channels]` → `[horizon, 1]`; `units` of its recurrent layer, or filters. */
export function familyConfig(
  family: ModelName,
  shape: { steps: number; channels: number; horizon: number; units: number },
): ModelConfig {
  const { steps, channels, horizon, units } = shape;
  const body = {
    cnn: () => {
      const convolution = () => cnn1d({ filters: units, activation: 'relu' });
      return steps > 2 ? [convolution(), convolution(), flatten()] : [convolution(), flatten()];
    },
    lstm: () => [lstm({ units })],
    gru: () => [gru({ units })],
  };
  const layers = [...body[family](), dense({ units: horizon }), reshape({ shape: [horizon, 1] })];
  return network({ input: [steps, channels], layers });
}
