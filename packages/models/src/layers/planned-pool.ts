// Pooling in a plan: windows over `[B, H, W, C]`; one dimension is a picture of height 1.
// The maximum of rectified values is the rectified maximum, and what a negative maximum would hand back is cut off either
// way: a ReLU before maxima is done after them, on a quarter of the values.

import type { PlanBuilder, Signal } from '@tidecast/backend';
import { planActivation, takeRelu } from './planned-activation.ts';

/** What a window gives. */
export type PoolKind = 'max' | 'average';

/** Where the windows lie. Pairs are [height, width]. */
export interface PoolGeometry {
  /** Shape of one input: height, width, channels. */
  input: readonly [number, number, number];
  output: readonly [number, number];
  window: readonly [number, number];
  strides: readonly [number, number];
  /** Padding at the top and on the left. */
  before: readonly [number, number];
}

/** Adds the steps of a pooling layer and returns its output of shape `shape`. */
export function planPool(
  plan: PlanBuilder,
  kind: PoolKind,
  signal: Signal,
  shape: readonly number[],
  { input, output: out, window, strides, before }: PoolGeometry,
): Signal {
  const { kernels } = plan;
  const { value, gradient } = signal;
  const output = plan.signal(shape);
  const geometry = [...input, ...out, ...window, ...strides, ...before] as const;
  const pool = kind === 'max' ? kernels.maxPool : kernels.averagePool;
  plan.forward(({ batch }) => pool(value.address, output.value.address, batch, ...geometry));
  if (gradient) {
    const dy = output.gradient!;
    plan.backward(
      kind === 'max'
        ? ({ batch }) =>
            kernels.maxPoolGradient(
              value.address,
              output.value.address,
              dy.address,
              gradient.address,
              batch,
              ...geometry,
            )
        : ({ batch }) => kernels.averagePoolGradient(dy.address, gradient.address, batch, ...geometry),
    );
  }
  if (kind === 'max' && takeRelu(signal)) planActivation(plan, 'relu', output.value, output);
  return output;
}
