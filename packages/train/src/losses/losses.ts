// Every loss by name: how a loss comes back from a checkpoint or a forecaster's file.

import { lookUp } from '../check.ts';
import {
  type BinaryCrossEntropySettings,
  type BinaryFocalSettings,
  binaryCrossEntropy,
  binaryFocal,
} from './binary-cross-entropy.ts';
import { type CrossEntropySettings, crossEntropy } from './cross-entropy.ts';
import { type FocalSettings, focal } from './focal.ts';
import { type BetaNllSettings, betaNll, type GaussianNllSettings, gaussianNll } from './gaussian-nll.ts';
import type { Loss, LossConfig } from './loss.ts';
import { huber, mae, mse } from './pointwise.ts';
import { type QuantileLossSettings, quantileLoss } from './quantile-loss.ts';
import { type StudentTNllSettings, studentTNll } from './student-t-nll.ts';
import { type VaeLossSettings, vaeLoss } from './vae-loss.ts';

// The settings may come from a file: every loss checks its own.
const makers: Record<string, (config: LossConfig) => Loss> = {
  mse: () => mse(),
  mae: () => mae(),
  huber: ({ delta }) => huber({ delta: delta as number | undefined }),
  crossEntropy: (config) => crossEntropy(config as CrossEntropySettings),
  binaryCrossEntropy: (config) => binaryCrossEntropy(config as BinaryCrossEntropySettings),
  focal: (config) => focal(config as FocalSettings),
  binaryFocal: (config) => binaryFocal(config as BinaryFocalSettings),
  gaussianNll: (config) => gaussianNll(config as GaussianNllSettings),
  betaNll: (config) => betaNll(config as BetaNllSettings),
  studentTNll: (config) => studentTNll(config as StudentTNllSettings),
  quantileLoss: (config) => quantileLoss(config as unknown as QuantileLossSettings),
  vaeLoss: (config) => vaeLoss(config as unknown as VaeLossSettings),
};

/** Every loss by the `type` of its config. */
export const losses: Readonly<typeof makers> = makers;

/**
 * Makes a loss of your own known by the `type` of its config, so that forecasters trained on it can be saved and loaded.
 * `make` gets a config from a file and has to check it.
 * @throws if the type is taken.
 */
export function registerLoss(type: string, make: (config: LossConfig) => Loss): void {
  if (Object.hasOwn(makers, type))
    throw new Error(`registerLoss: type '${type}' is taken. Choose another one.`);
  makers[type] = make;
}

/** The loss a config describes. @throws if its type is unknown. */
export function createLoss(config: LossConfig): Loss {
  return lookUp('loss: type', losses, config?.type)(config);
}
