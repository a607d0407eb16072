import { type Activation, activationSetting } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { flag, wholeNumber } from '../settings.ts';
import { imageShape } from '../shape.ts';
import {
  applyConvolution2d,
  type Convolution2d,
  convolutionWeights,
  planConvolution2d,
} from './convolution2d.ts';
import {
  imageWindows,
  type Padding,
  type PerAxis,
  paddingSetting,
  perAxis,
  windowedImage,
} from './image-windows.ts';

/** Settings of {@link depthwiseCnn2d}. Pairs are [height, width]; one number stands for both. */
export interface DepthwiseCnn2dSettings {
  /** Pixels each filter sees; default 3. */
  kernelSize?: PerAxis;
  /** Pixels between results; default 1. */
  stride?: PerAxis;
  /** Pixels between the pixels a filter sees; default 1. */
  dilation?: PerAxis;
  /** Zeros around the image; default `valid`: none. */
  padding?: Padding;
  /** Filters M of each channel; default 1. */
  multiplier?: number;
  /** Adds b; default true. Leave it out before `batchNorm`, which takes it away again. */
  useBias?: boolean;
  /** Default `relu`. */
  activation?: Activation;
  /** Start of the kernel; default `glorotUniform`. */
  kernelInit?: Initializer;
  /** Start of the bias; default `zeros`. */
  biasInit?: Initializer;
}

/** A depthwise convolution as data. */
export interface DepthwiseCnn2dConfig extends DepthwiseCnn2dSettings, LayerConfig {
  type: 'depthwiseCnn2d';
}

/**
 * Convolution of every channel by itself, with M filters each: `cnn2d` with a group for each channel.
 * Weights: `kernel [height, width, 1, C·M]`, `bias [C·M]`, filter `c·M + m` the m-th of channel c. Input `[B, H, W, C]`,
 * result `[B, H′, W′, C·M]`.
 */
export function depthwiseCnn2d(settings: DepthwiseCnn2dSettings = {}): DepthwiseCnn2dConfig {
  return { type: 'depthwiseCnn2d', ...settings };
}

type Settings = Required<DepthwiseCnn2dSettings>;

function convolutionOf(settings: Settings, channels: number): Convolution2d {
  return { ...settings, groups: channels, filters: channels * settings.multiplier };
}

/** Definition of {@link depthwiseCnn2d}. */
export const depthwiseCnn2dLayer: LayerDefinition<Settings> = {
  settings: {
    kernelSize: perAxis({ min: 1, max: 4096, default: 3 }),
    stride: perAxis({ min: 1, max: 4096, default: 1 }),
    dilation: perAxis({ min: 1, max: 65_536, default: 1 }),
    padding: paddingSetting,
    multiplier: wholeNumber({ min: 1, max: 1024, default: 1 }),
    useBias: flag(true),
    activation: activationSetting('relu'),
    kernelInit: initializerSetting('glorotUniform'),
    biasInit: initializerSetting('zeros', 'bias'),
  },
  outputShape(settings, input) {
    const { channels } = imageShape('depthwiseCnn2d', input);
    return windowedImage('depthwiseCnn2d', input, imageWindows(settings), channels * settings.multiplier);
  },
  weights(settings, input) {
    const { channels } = imageShape('depthwiseCnn2d', input);
    return convolutionWeights(convolutionOf(settings, channels), channels);
  },
  apply: ({ settings, ...call }) =>
    applyConvolution2d('depthwiseCnn2d', convolutionOf(settings, call.x.shape[3]!), call),
  plan: ({ settings, ...call }) =>
    planConvolution2d('depthwiseCnn2d', convolutionOf(settings, call.input.shape[2]!), call),
};
