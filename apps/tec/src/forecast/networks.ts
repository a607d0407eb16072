// The networks that the application and the study train, one function for each family.

import { cnn1d, dense, flatten, gru, lstm, type ModelConfig, network, reshape } from '@tidecast/models';
import type { ModelName } from './options.ts';

/**
 * A network of `family` for windows `[steps, channels]` → `[horizon, 1]`; `units` of its recurrent layer, or filters. With
 * `parameters`, for a loss whose head takes as many: `[horizon, 1, parameters]`.
 */
export function familyConfig(
  family: ModelName,
  shape: { steps: number; channels: number; horizon: number; units: number; parameters?: number },
): ModelConfig {
  const { steps, channels, horizon, units, parameters } = shape;
  const body = {
    cnn: () => {
      const convolution = () => cnn1d({ filters: units, activation: 'relu' });
      return steps > 2 ? [convolution(), convolution(), flatten()] : [convolution(), flatten()];
    },
    lstm: () => [lstm({ units })],
    gru: () => [gru({ units })],
  };
  const output = parameters === undefined ? [horizon, 1] : [horizon, 1, parameters];
  const layers = [
    ...body[family](),
    dense({ units: horizon * (parameters ?? 1) }),
    reshape({ shape: output }),
  ];
  return network({ input: [steps, channels], layers });
}
