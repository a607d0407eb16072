// What the debiasing VAE is tried on: pictures and sequences, each with its network.

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
import { calls, faces, type Grouped, type GroupedOptions } from './hidden-groups.ts';

/** Number of latent variables. */
export const LATENT = 6;

/** A set of data and a network for it. */
export interface DebiasingTask {
  name: string;
  draw(options: GroupedOptions): Grouped;
  network: ModelConfig;
}

/** Pictures, and sequences. */
export const debiasingTasks: readonly DebiasingTask[] = [
  {
    name: 'faces',
    draw: faces,
    network: vae({
      input: [16, 16, 1],
      encoder: [
        cnn2d({ filters: 8, stride: 2, padding: 'same' }),
        cnn2d({ filters: 12, stride: 2, padding: 'same' }),
        flatten(),
        dense({ units: 48, activation: 'relu' }),
      ],
      latent: LATENT,
      decoder: [
        dense({ units: 128, activation: 'relu' }),
        reshape({ shape: [4, 4, 8] }),
        upsample2d(),
        cnn2d({ filters: 8, padding: 'same' }),
        upsample2d(),
        cnn2d({ filters: 1, padding: 'same', activation: 'linear' }),
      ],
      classes: 1,
    }),
  },
  {
    name: 'calls',
    draw: calls,
    network: vae({
      input: [32, 1],
      encoder: [
        cnn1d({ filters: 12, kernelSize: 5, stride: 2, padding: 'same' }),
        cnn1d({ filters: 12, kernelSize: 5, stride: 2, padding: 'same' }),
        flatten(),
        dense({ units: 48, activation: 'relu' }),
      ],
      latent: LATENT,
      decoder: [
        dense({ units: 96, activation: 'relu' }),
        reshape({ shape: [8, 12] }),
        upsample1d(),
        cnn1d({ filters: 12, kernelSize: 5, padding: 'same' }),
        upsample1d(),
        cnn1d({ filters: 1, kernelSize: 5, padding: 'same', activation: 'linear' }),
      ],
      classes: 1,
    }),
  },
];
