// Convolution in a plan, over `[B, H, W, C]`; one dimension is a picture of height 1.

import type { PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import type { Activation } from '../activations.ts';
import { planActivation, sumsFor } from './planned-activation.ts';

/** Where the filters lie. Pairs are [height, width]. */
export interface ConvolutionGeometry {
  /** Shape of one input: height, width, channels. */
  input: readonly [number, number, number];
  /** Shape of one output: height, width, filters. */
  output: readonly [number, number, number];
  kernelSize: readonly [number, number];
  strides: readonly [number, number];
  dilation: readonly [number, number];
  /** Padding at the top and on the left. */
  before: readonly [number, number];
}

/** Adds the steps of a convolution layer with bias and activation, and returns its output of shape `shape`. */
export function planConvolution(
  plan: PlanBuilder,
  activation: Activation,
  { value, gradient }: Signal,
  shape: readonly number[],
  { kernel, bias }: Readonly<Record<string, PlannedWeight>>,
  { input, output: out, kernelSize, strides, dilation, before }: ConvolutionGeometry,
): Signal {
  const { kernels } = plan;
  const output = plan.signal(shape);
  const sums = sumsFor(plan, activation, output);
  const geometry = [...input, ...out, ...kernelSize, ...strides, ...dilation, ...before] as const;
  const scratch = plan.scratch(kernels.convolutionScratch(plan.batch, ...geometry));
  plan.forward(({ batch }) =>
    kernels.convolution(
      value.address,
      kernel!.value.address,
      bias!.value.address,
      sums.address,
      batch,
      ...geometry,
      scratch.address,
    ),
  );
  const dy = output.gradient;
  if (dy) {
    plan.backward(({ batch }) => {
      kernels.convolutionFilterGradient(
        value.address,
        dy.address,
        kernel!.gradient!.address,
        bias!.gradient!.address,
        batch,
        ...geometry,
        scratch.address,
      );
      if (!gradient) return;
      kernels.convolutionInputGradient(
        dy.address,
        kernel!.value.address,
        gradient.address,
        batch,
        ...geometry,
        scratch.address,
      );
    });
  }
  planActivation(plan, activation, sums, output);
  return output;
}
