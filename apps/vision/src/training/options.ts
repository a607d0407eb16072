// What a training is told, checked in one place, for the command and the page alike.

import type { TransformConfig } from '@tidecast/vision';

/** Networks to choose from. */
export const NETWORKS = ['cnn', 'resnet', 'mobilenet', 'mlp'] as const;
export type NetworkName = (typeof NETWORKS)[number];

/** What pictures may go through while training; `flip` only where a mirrored picture is still of its class. */
export const AUGMENTATIONS = ['crop', 'flip', 'affine', 'colour', 'cutout'] as const;
export type AugmentationName = (typeof AUGMENTATIONS)[number];

/** How rare classes are helped. */
export const BALANCES = ['none', 'resample', 'weights'] as const;
export type BalanceName = (typeof BALANCES)[number];

/** Options of a training; all but the seed have defaults. */
export interface TrainingOptions {
  network: NetworkName;
  /** Pixels of a side of what the network sees; absent: that of the pictures, at most 96. */
  size?: number;
  epochs: number;
  batchSize: number;
  learningRate: number;
  /** Shares of the pictures of each class to watch training by, and to score in the end. */
  validation: number;
  test: number;
  augmentation: readonly AugmentationName[];
  /** α of mixup; 0: none. */
  mixup: number;
  balance: BalanceName;
  /** A trained classifier to start from, in the bytes of its file: its layers but the last, with their weights. */
  pretrained?: Uint8Array;
  /** Leave the layers of `pretrained` as they are. */
  freeze: boolean;
  /** Leave out pictures that cannot be decoded; else they are an error. */
  skipBad: boolean;
  seed: number;
}

/** What is taken where nothing else is said. */
export const DEFAULTS: Readonly<TrainingOptions> = {
  network: 'cnn',
  epochs: 20,
  batchSize: 16,
  learningRate: 0.001,
  validation: 0.15,
  test: 0.15,
  augmentation: ['affine', 'colour'],
  mixup: 0,
  balance: 'none',
  freeze: false,
  skipBad: false,
  seed: 1,
};

/** The options with defaults. @throws with the first that is out of bounds. */
export function trainingOptions(given: Partial<TrainingOptions>): TrainingOptions {
  const options = { ...DEFAULTS, ...given };
  const { size, epochs, batchSize, learningRate, validation, test, mixup, pretrained, freeze } = options;
  const known = (name: string, value: string, allowed: readonly string[]) => {
    if (!allowed.includes(value))
      throw new Error(`${name} must be one of ${allowed.join(', ')}, got '${value}'.`);
  };
  known('network', options.network, NETWORKS);
  known('balance', options.balance, BALANCES);
  for (const each of options.augmentation) known('augmentation', each, AUGMENTATIONS);
  const whole = (name: string, value: number, low: number, high: number) => {
    if (Number.isInteger(value) && value >= low && value <= high) return;
    throw new Error(`${name} must be a whole number from ${low} to ${high}, got ${value}.`);
  };
  whole('epochs', epochs, 1, 100_000);
  whole('batchSize', batchSize, 1, 4096);
  if (size !== undefined) whole('size', size, 8, 512);
  if (!(learningRate > 0 && learningRate <= 1)) {
    throw new Error(`learningRate must be greater than 0 and at most 1, got ${learningRate}.`);
  }
  for (const [name, share] of Object.entries({ validation, test })) {
    if (!(share > 0 && share <= 0.45)) {
      throw new Error(`${name} must be a share greater than 0 and at most 0.45, got ${share}.`);
    }
  }
  if (!(mixup >= 0 && mixup <= 10)) throw new Error(`mixup must be from 0 to 10, got ${mixup}.`);
  if (size !== undefined && pretrained) {
    throw new Error('size is that of the pretrained network. Leave size out.');
  }
  if (freeze && !pretrained) throw new Error('freeze needs pretrained weights to keep. Give pretrained.');
  return options;
}

/** The steps behind the names, for pictures of `size` pixels a side. */
export function augmentationSteps(names: readonly AugmentationName[], size: number): TransformConfig[] {
  const steps: Record<AugmentationName, TransformConfig> = {
    crop: { type: 'randomCrop', height: size, width: size, padding: Math.max(1, Math.round(size / 8)) },
    flip: { type: 'flip' },
    affine: { type: 'affine', rotate: 10, scale: [0.9, 1.1], move: 0.08 },
    colour: { type: 'colour', brightness: 0.2, contrast: 0.2, saturation: 0.2 },
    cutout: { type: 'cutout', size: Math.max(2, Math.round(size / 4)) },
  };
  return AUGMENTATIONS.filter((name) => names.includes(name)).map((name) => steps[name]);
}
