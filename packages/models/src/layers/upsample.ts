// Larger by repetition: every step, or every pixel, several times. One dimension is a picture of height 1.
// With a convolution behind it, this is a decoder's way up; it leaves none of the chequered patterns of transposed
// convolutions (Odena, Dumoulin, Olah 2016).

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { PlanBuilder, Signal } from '@tidecast/backend';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { wholeNumber } from '../settings.ts';
import { imageShape, sequenceShape } from '../shape.ts';
import { bothAxes, type PerAxis, perAxis } from './image-windows.ts';
import { refuseMask } from './masks.ts';

/** Settings of {@link upsample1d}. */
export interface Upsample1dSettings {
  /** How often each step stands in the result; default 2. */
  size?: number;
}

/** A repetition of steps as data. */
export interface Upsample1dConfig extends Upsample1dSettings, LayerConfig {
  type: 'upsample1d';
}

/** Settings of {@link upsample2d}. */
export interface Upsample2dSettings {
  /** How often each row and column stands in the result; default 2. */
  size?: PerAxis;
}

/** A repetition of pixels as data. */
export interface Upsample2dConfig extends Upsample2dSettings, LayerConfig {
  type: 'upsample2d';
}

/** Repeats every step: `[B, T, C]` to `[B, T·size, C]`. A mask is repeated with it. */
export function upsample1d(settings: Upsample1dSettings = {}): Upsample1dConfig {
  return { type: 'upsample1d', ...settings };
}

/** Repeats every pixel: `[B, H, W, C]` to `[B, H·size, W·size, C]`. */
export function upsample2d(settings: Upsample2dSettings = {}): Upsample2dConfig {
  return { type: 'upsample2d', ...settings };
}

/** `x` with every entry of `axis` standing there `size` times. */
function repeatAlong(x: Tensor, axis: number, size: number): Tensor {
  if (size === 1) return x;
  const shape = x.shape;
  const times = [1, size, 1];
  const rows = shape.slice(0, axis + 1).reduce((product, each) => product * each, 1);
  const tiled = tf.tile(tf.reshape(x, [rows, 1, x.size / rows]), times);
  return tf.reshape(tiled, [...shape.slice(0, axis), shape[axis]! * size, ...shape.slice(axis + 1)]);
}

/** Definition of {@link upsample1d}. */
export const upsample1dLayer: LayerDefinition<Required<Upsample1dSettings>> = {
  settings: { size: wholeNumber({ min: 1, max: 4096, default: 2 }) },
  outputShape({ size }, input) {
    const { steps, channels } = sequenceShape('upsample1d', input);
    return [steps === null ? null : steps * size, channels];
  },
  apply({ settings: { size }, x, mask }) {
    const result = repeatAlong(x, 1, size);
    return mask ? { x: result, mask: repeatAlong(mask, 1, size) } : { x: result };
  },
  plan({ settings: { size }, plan, input }) {
    if (input.mask) return 'upsample1d has no planned form for masked inputs';
    const [steps, channels] = input.shape as [number, number];
    return planRepetition(plan, input, [steps * size, channels], {
      pixels: [1, steps, channels],
      sizes: [1, size],
    });
  },
};

/** Definition of {@link upsample2d}. */
export const upsample2dLayer: LayerDefinition<Required<Upsample2dSettings>> = {
  settings: { size: perAxis({ min: 1, max: 4096, default: 2 }) },
  outputShape({ size }, input) {
    const { height, width, channels } = imageShape('upsample2d', input);
    const [down, across] = bothAxes(size);
    return [height * down, width * across, channels];
  },
  apply({ settings: { size }, x, mask }) {
    refuseMask('upsample2d', mask, 'Leave the mask out.');
    const [down, across] = bothAxes(size);
    return { x: repeatAlong(repeatAlong(x, 2, across), 1, down) };
  },
  plan({ settings: { size }, plan, input }) {
    if (input.mask) return 'upsample2d cannot honour a mask';
    const pixels = input.shape as readonly [number, number, number];
    const [down, across] = bothAxes(size);
    const shape = [pixels[0] * down, pixels[1] * across, pixels[2]];
    return planRepetition(plan, input, shape, { pixels, sizes: [down, across] });
  },
};

/** Adds the steps of a repetition and returns its output of shape `shape`. */
function planRepetition(
  plan: PlanBuilder,
  { value, gradient }: Signal,
  shape: readonly number[],
  {
    pixels: [height, width, channels],
    sizes: [down, across],
  }: { pixels: readonly [number, number, number]; sizes: readonly [number, number] },
): Signal {
  const output = plan.signal(shape);
  const rowSize = width * across * channels;
  plan.forward(({ batch }) => {
    const [x, y] = [plan.view(value), plan.view(output.value)];
    for (let row = 0; row < batch * height; row++) {
      const start = row * down * rowSize;
      let to = start;
      for (let column = 0; column < width; column++) {
        const from = (row * width + column) * channels;
        for (let k = 0; k < across; k++) {
          for (let c = 0; c < channels; c++) y[to++] = x[from + c]!;
        }
      }
      for (let k = 1; k < down; k++) y.copyWithin(start + k * rowSize, start, start + rowSize);
    }
  });
  if (gradient) {
    plan.backward(({ batch }) => {
      const [dx, dy] = [plan.view(gradient, batch * height * width * channels), plan.view(output.gradient!)];
      dx.fill(0);
      for (let row = 0; row < batch * height * down; row++) {
        let from = row * rowSize;
        for (let column = 0; column < width; column++) {
          const to = (Math.floor(row / down) * width + column) * channels;
          for (let k = 0; k < across; k++) {
            for (let c = 0; c < channels; c++) dx[to + c]! += dy[from++]!;
          }
        }
      }
    });
  }
  return output;
}
