// What an output loses where a part of the input is covered. It only asks for outputs, so it runs by plans where it can.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray, Samples } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber } from '../check.ts';
import { predict } from '../fit/evaluate.ts';
import { toTensor } from '../fit/gradients.ts';
import { chosenOutput, type OutputChoice } from './chosen-output.ts';
import { fillRows, rowSize } from './rows.ts';

/** How to cover inputs. */
export interface OcclusionOptions {
  /** Which output; needed where an example has several. */
  output?: OutputChoice;
  /** Size of the cover along each axis of an input: `[3, 1]` for 3 steps of one channel. Default 1 along each. */
  window?: readonly number[];
  /** How far it moves along each axis; default `window`, so that covers lie side by side. */
  stride?: readonly number[];
  /** What is seen in its place: one value for all, one for each channel, or an input; default 0. */
  fill?: number | readonly number[] | NdArray;
  /** `[B, T]` of x: 1 where a step is real. */
  mask?: NdArray;
  /** Inputs to run at once; default 256. */
  batchSize?: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/** What covering each value takes from the output, shaped like x. */
export interface OcclusionMap extends NdArray {
  /** f(x) of each example, uncovered. */
  output: Float32Array;
}

/**
 * Occlusion, f(x) − f(x with a window covered), at every place of the window (Zeiler and Fergus 2014, ECCV). Positive where
 * the covered part raises the output. Where windows overlap, a value gets the mean over those that cover it. Windows that
 * reach over the end are cut off there.
 * @throws if shapes do not fit, or a stride would leave values uncovered.
 */
export async function occlusion(
  model: Model,
  x: NdArray,
  options: OcclusionOptions = {},
): Promise<OcclusionMap> {
  const { output, mask, batchSize, signal } = options;
  const size = rowSize('occlusion', x, mask);
  const fill = fillRows('occlusion: fill', x, options.fill ?? 0);
  const covers = coversOf(x.shape.slice(1), options);
  const B = x.shape[0]!;
  // Row r is example r mod B under cover r / B − 1; the first B rows are uncovered.
  const samples: Samples = {
    count: B * (covers.length + 1),
    xShape: x.shape.slice(1),
    yShape: [],
    batch(indices) {
      const rows = new Float32Array(indices.length * size);
      const T = mask?.shape[1] ?? 0;
      const real = new Float32Array(indices.length * T);
      for (let i = 0; i < indices.length; i++) {
        const example = indices[i]! % B;
        rows.set(x.data.subarray(example * size, (example + 1) * size), i * size);
        for (const place of covers[Math.floor(indices[i]! / B) - 1] ?? []) {
          rows[i * size + place] = fill[example * size + place]!;
        }
        if (mask) real.set(mask.data.subarray(example * T, (example + 1) * T), i * T);
      }
      return {
        x: { data: rows, shape: [indices.length, ...x.shape.slice(1)] },
        y: { data: new Float32Array(0), shape: [indices.length] },
        ...(mask && { mask: { data: real, shape: [indices.length, T] } }),
      };
    },
  };
  const outputs = await predict(model, samples, { batchSize, signal });
  const values = tf.tidy(
    () => chosenOutput('occlusion', toTensor(outputs), output).dataSync() as Float32Array,
  );
  const sums = new Float64Array(x.data.length);
  const times = new Float64Array(size);
  covers.forEach((places, c) => {
    for (const place of places) {
      times[place]!++;
      for (let b = 0; b < B; b++) sums[b * size + place]! += values[b]! - values[(c + 1) * B + b]!;
    }
  });
  return {
    data: Float32Array.from(sums, (sum, i) => sum / times[i % size]!),
    shape: [...x.shape],
    output: values.slice(0, B),
  };
}

/** The places (row-major in one input) under each cover. */
function coversOf(
  shape: readonly number[],
  { window = shape.map(() => 1), stride = window }: OcclusionOptions,
): number[][] {
  for (const [name, sizes] of Object.entries({ window, stride })) {
    if (sizes.length !== shape.length) {
      throw new Error(
        `occlusion: ${name} must have a size for each axis of an input [${shape.join(', ')}], got [${sizes.join(', ')}].`,
      );
    }
    for (const each of sizes) checkNumber(`occlusion: ${name}`, each, { min: 1, integer: true });
  }
  let covers: number[][] = [[0]];
  shape.forEach((length, axis) => {
    const [wide, step] = [Math.min(window[axis]!, length), stride[axis]!];
    if (step > window[axis]!) {
      throw new Error(
        `occlusion: stride must be at most the window along each axis, got ${step} over ${window[axis]} on axis ${axis}.`,
      );
    }
    const starts = Array.from({ length: Math.ceil((length - wide) / step) + 1 }, (_, i) => i * step);
    covers = covers.flatMap((places) =>
      starts.map((start) =>
        places.flatMap((place) =>
          Array.from({ length: Math.min(wide, length - start) }, (_, i) => place * length + start + i),
        ),
      ),
    );
  });
  return covers;
}
