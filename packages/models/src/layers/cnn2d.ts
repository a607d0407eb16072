import { type Activation, activationSetting } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { flag, wholeNumber } from '../settings.ts';
import { imageShape, type Shape } from '../shape.ts';
import { applyConvolution2d, convolutionWeights, planConvolution2d } from './convolution2d.ts';
import {
  imageWindows,
  type Padding,
  type PerAxis,
  paddingSetting,
  perAxis,
  windowedImage,
} from './image-windows.ts';

/** Settings of {@link cnn2d}. Pairs are [height, width]; one number stands for both. */
export interface Cnn2dSettings {
  /** Number of output channels. */
  filters: number;
  /** Pixels each filter sees; default 3. */
  kernelSize?: PerAxis;
  /** Pixels between results; default 1. */
  stride?: PerAxis;
  /** Pixels between the pixels a filter sees; default 1. */
  dilation?: PerAxis;
  /** Zeros around the image; default `valid`: none. */
  padding?: Padding;
  /** Parts that the channels are cut into, each with `filters / groups` filters of its own; default 1. */
  groups?: number;
  /** Adds b; default true. Leave it out before `batchNorm`, which takes it away again. */
  useBias?: boolean;
  /** Default `relu`. */
  activation?: Activation;
  /** Start of the kernel; default `glorotUniform`. */
  kernelInit?: Initializer;
  /** Start of the bias; default `zeros`. */
  biasInit?: Initializer;
}

/** A two-dimensional convolution as data. */
export interface Cnn2dConfig extends Cnn2dSettings, LayerConfig {
  type: 'cnn2d';
}

/**
 * Convolution over images (cross-correlation, as everywhere in deep learning):
 * `y[i, j] = φ(Σₖₗ x[i·stride + k·dilation − before, j·stride + l·dilation − before]·W[k, l] + b)`.
 * Weights: `kernel [height, width, C / groups, filters]`, `bias [filters]`. Input `[B, H, W, C]`, result
 * `[B, H′, W′, filters]`.
 */
export function cnn2d(settings: Cnn2dSettings): Cnn2dConfig {
  return { type: 'cnn2d', ...settings };
}

/** Definition of {@link cnn2d}. */
export const cnn2dLayer: LayerDefinition<Required<Cnn2dSettings>> = {
  settings: {
    filters: wholeNumber({ min: 1, max: 65_536 }),
    kernelSize: perAxis({ min: 1, max: 4096, default: 3 }),
    stride: perAxis({ min: 1, max: 4096, default: 1 }),
    dilation: perAxis({ min: 1, max: 65_536, default: 1 }),
    padding: paddingSetting,
    groups: wholeNumber({ min: 1, max: 65_536, default: 1 }),
    useBias: flag(true),
    activation: activationSetting('relu'),
    kernelInit: initializerSetting('glorotUniform'),
    biasInit: initializerSetting('zeros', 'bias'),
  },
  outputShape(settings, input) {
    checkGroups(settings, input);
    return windowedImage('cnn2d', input, imageWindows(settings), settings.filters);
  },
  weights: (settings, input) => convolutionWeights(settings, imageShape('cnn2d', input).channels),
  apply: ({ settings, ...call }) => applyConvolution2d('cnn2d', settings, call),
  plan: ({ settings, ...call }) => planConvolution2d('cnn2d', settings, call),
};

function checkGroups({ filters, groups }: Required<Cnn2dSettings>, input: Shape): void {
  const { channels } = imageShape('cnn2d', input);
  if (channels % groups === 0 && filters % groups === 0) return;
  throw new Error(
    `cnn2d: groups must divide the channels of the input and the filters, got ${groups} groups for ${channels} ` +
      `channels and ${filters} filters. Choose a common divisor.`,
  );
}
