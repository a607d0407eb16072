// Every loss by name: how a loss comes back from a checkpoint or a forecaster's file.

import { lookUp } from '../check.ts';
import { crossEntropy } from './cross-entropy.ts';
import type { Loss, LossConfig } from './loss.ts';
import { huber, mae, mse } from './pointwise.ts';

/** Every loss by the `type` of its config. */
export const losses: Readonly<Record<string, (config: LossConfig) => Loss>> = {
  mse: () => mse(),
  mae: () => mae(),
  huber: ({ delta }) => huber({ delta: delta as number | undefined }),
  crossEntropy: () => crossEntropy(),
};

/** The loss a config describes. @throws if its type is unknown. */
export function createLoss(config: LossConfig): Loss {
  return lookUp('loss: type', losses, config?.type)(config);
}
