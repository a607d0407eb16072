// Two sets of generated data with the networks that learn them: the same parts, in two dimensions and in one.

import type { NdArray } from '@tidecast/data';
import {
  cnn1d,
  cnn2d,
  dense,
  flatten,
  type ModelConfig,
  reshape,
  upsample1d,
  upsample2d,
  vae,
} from '@tidecast/models';
import { discFeatures, discs, waveFeatures, waves } from './generated.ts';

/** What to learn, and by which network. */
export interface Task {
  name: string;
  latent: number;
  /** Deviation of the noise in the data. */
  noise: number;
  network: ModelConfig;
  draw(count: number, options: { seed: number; noise: number }): NdArray;
  features: readonly string[];
  featuresOf(examples: NdArray): number[][];
}

/** Pictures, and sequences. */
export const tasks: readonly Task[] = [
  {
    name: 'pictures',
    latent: 4,
    noise: 0.05,
    network: vae({
      input: [16, 16, 1],
      encoder: [
        cnn2d({ filters: 8, stride: 2, padding: 'same' }),
        cnn2d({ filters: 16, stride: 2, padding: 'same' }),
        flatten(),
        dense({ units: 64, activation: 'relu' }),
      ],
      latent: 4,
      decoder: [
        dense({ units: 64, activation: 'relu' }),
        dense({ units: 128, activation: 'relu' }),
        reshape({ shape: [4, 4, 8] }),
        upsample2d(),
        cnn2d({ filters: 8, padding: 'same' }),
        upsample2d(),
        cnn2d({ filters: 1, padding: 'same', activation: 'linear' }),
      ],
    }),
    draw: discs,
    features: ['brightness', 'place across', 'place down'],
    featuresOf: discFeatures,
  },
  {
    name: 'waves',
    latent: 3,
    noise: 0.1,
    network: vae({
      input: [32, 1],
      encoder: [
        cnn1d({ filters: 16, kernelSize: 5, stride: 2, padding: 'same' }),
        cnn1d({ filters: 16, kernelSize: 5, stride: 2, padding: 'same' }),
        flatten(),
        dense({ units: 64, activation: 'relu' }),
      ],
      latent: 3,
      decoder: [
        dense({ units: 64, activation: 'relu' }),
        dense({ units: 128, activation: 'relu' }),
        reshape({ shape: [8, 16] }),
        upsample1d(),
        cnn1d({ filters: 16, kernelSize: 5, padding: 'same' }),
        upsample1d(),
        cnn1d({ filters: 1, kernelSize: 5, padding: 'same', activation: 'linear' }),
      ],
    }),
    draw: waves,
    features: ['amplitude'],
    featuresOf: waveFeatures,
  },
];
