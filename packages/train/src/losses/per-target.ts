// Losses that are a function of the network's few outputs for each target value, as tensors for the tape and as a plain
// loop for a plan: outputs are small, so the loop is a few microseconds beside the network.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import type { Distributions } from '@tidecast/eval';
import { checkHeadShapes, checkShapes, type Loss, type LossConfig } from './loss.ts';
import { weightedMean } from './weighted-mean.ts';

/** A loss by its value for each target. */
export interface PerTarget {
  config: LossConfig;
  /** See {@link Loss}. */
  probabilities?: boolean;
  /** Outputs of each target on one more axis, and what they mean. Absent: one output, shaped like the targets. */
  head?: {
    parameters: number;
    levels?: readonly number[];
    /** `column(p)`: parameter p of every target value. */
    distributions(column: (parameter: number) => Float64Array): Distributions;
  };
  /** l of tensors shaped like the targets, one for each parameter. */
  values(parameters: tf.Tensor[], y: tf.Tensor): tf.Tensor;
  /** l of one target in float64; writes its slope by each parameter to `slopes`. */
  measure(parameters: Float64Array, y: number, slopes: Float64Array): number;
}

/** A loss that averages l by weight, Σ w·l / Σ w. */
export function perTarget({ config, probabilities, head, values, measure }: PerTarget): Loss {
  const count = head?.parameters ?? 1;
  const check = (output: readonly (number | string)[], y: readonly (number | string)[]) =>
    head ? checkHeadShapes(config.type, count, output, y) : checkShapes(config.type, output, y);
  return {
    config,
    ...(probabilities && { probabilities }),
    ...(head && {
      head: { ...head, distributions: (output) => head.distributions(columns(output, count)) },
    }),
    apply(output, y, weight) {
      check(output.shape, y.shape);
      // The gradient of an unstack into one tensor throws in tfjs.
      const parameters = count === 1 ? [tf.reshape(output, y.shape)] : tf.unstack(output, -1);
      return weightedMean(values(parameters, y), weight);
    },
    plan({ view }, { value, gradient, shape: own }, { y, weight, shape }) {
      check(['B', ...own], ['B', ...shape]);
      const size = shape.reduce((product, each) => product * each, 1);
      const parameters = new Float64Array(count);
      const slopes = new Float64Array(count);
      return ({ batch }) => {
        const targets = batch * size;
        const [o, t] = [view(value, targets * count), view(y, targets)];
        const w = weight && view(weight, targets);
        const g = gradient && view(gradient, targets * count);
        const total = w ? w.reduce((sum, each) => sum + each, 0) : targets;
        let sum = 0;
        for (let i = 0; i < targets; i++) {
          for (let p = 0; p < count; p++) parameters[p] = o[i * count + p]!;
          const share = (w ? w[i]! : 1) / total;
          sum += share * measure(parameters, t[i]!, slopes);
          if (g) for (let p = 0; p < count; p++) g[i * count + p] = share * slopes[p]!;
        }
        return sum;
      };
    },
  };
}

function columns({ data, shape }: NdArray, count: number): (parameter: number) => Float64Array {
  if (shape.at(-1) !== count) {
    throw new Error(
      `head: outputs must have ${count} parameters on their last axis, got [${shape.join(', ')}].`,
    );
  }
  return (parameter) =>
    Float64Array.from({ length: data.length / count }, (_, i) => data[i * count + parameter]!);
}
