// Convolution in a plan, over `[B, H, W, C]`; one dimension is a picture of height 1.

import type { Block, PlanBuilder, PlannedWeight, Run, Signal } from '@tidecast/backend';
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
  /** Default 1. */
  groups?: number;
}

/** What a convolution reads and writes. */
interface Operands {
  x: Signal;
  kernel: PlannedWeight;
  bias?: PlannedWeight | undefined;
  sums: Block;
  /** The gradient by the sums, once the activation has made it of that by the values. */
  dy?: Block | undefined;
}

/** The sums of a convolution, and its gradients where there is a `dy`. */
interface Products {
  forward(run: Run): void;
  backward(run: Run): void;
}

/** Adds the steps of a convolution layer with bias and activation, and returns its output of shape `shape`. */
export function planConvolution(
  plan: PlanBuilder,
  activation: Activation,
  x: Signal,
  shape: readonly number[],
  { kernel, bias }: Readonly<Record<string, PlannedWeight>>,
  geometry: ConvolutionGeometry,
): Signal {
  const output = plan.signal(shape);
  const sums = sumsFor(plan, activation, output);
  const { groups = 1, input } = geometry;
  const products = groups === 1 ? whole : groups === input[2] ? depthwise : grouped;
  const { forward, backward } = products(
    plan,
    { x, kernel: kernel!, bias, sums, dy: output.gradient },
    geometry,
  );
  plan.forward(forward);
  if (output.gradient) plan.backward(backward);
  planActivation(plan, activation, sums, output);
  return output;
}

/** The geometry as the kernels list it, with the filters of the output replaced by `filters`. */
function listed(
  { input, output, kernelSize, strides, dilation, before }: ConvolutionGeometry,
  channels: number,
  filters: number,
) {
  const [height, width] = input;
  const [outHeight, outWidth] = output;
  return [
    ...([height, width, channels, outHeight, outWidth, filters] as const),
    ...kernelSize,
    ...strides,
    ...dilation,
    ...before,
  ] as const;
}

/** 0, which is "none" to a kernel, where there is no block. */
const addressOf = (block: Block | undefined) => block?.address ?? 0;

function whole(
  plan: PlanBuilder,
  { x, kernel, bias, sums, dy }: Operands,
  geometry: ConvolutionGeometry,
): Products {
  const { kernels } = plan;
  const list = listed(geometry, geometry.input[2], geometry.output[2]);
  const scratch = plan.scratch(kernels.convolutionScratch(plan.batch, ...list));
  return {
    forward: ({ batch }) =>
      kernels.convolution(
        x.value.address,
        kernel.value.address,
        addressOf(bias?.value),
        sums.address,
        batch,
        ...list,
        scratch.address,
      ),
    backward({ batch }) {
      kernels.convolutionFilterGradient(
        x.value.address,
        dy!.address,
        kernel.gradient!.address,
        addressOf(bias?.gradient),
        batch,
        ...list,
        scratch.address,
      );
      if (!x.gradient) return;
      kernels.convolutionInputGradient(
        dy!.address,
        kernel.value.address,
        x.gradient.address,
        batch,
        ...list,
        scratch.address,
      );
    },
  };
}

/** Every channel is a group. */
function depthwise(
  plan: PlanBuilder,
  { x, kernel, bias, sums, dy }: Operands,
  geometry: ConvolutionGeometry,
): Products {
  const { kernels } = plan;
  const channels = geometry.input[2];
  const list = listed(geometry, channels, geometry.output[2] / channels);
  return {
    forward: ({ batch }) =>
      kernels.depthwise(
        x.value.address,
        kernel.value.address,
        addressOf(bias?.value),
        sums.address,
        batch,
        ...list,
      ),
    backward({ batch }) {
      kernels.depthwiseFilterGradient(
        x.value.address,
        dy!.address,
        kernel.gradient!.address,
        addressOf(bias?.gradient),
        batch,
        ...list,
      );
      if (!x.gradient) return;
      kernels.depthwiseInputGradient(dy!.address, kernel.value.address, x.gradient.address, batch, ...list);
    },
  };
}

/** Group by group, on copies of their channels and filters. */
function grouped(
  plan: PlanBuilder,
  { x, kernel, bias, sums, dy }: Operands,
  geometry: ConvolutionGeometry,
): Products {
  const { kernels } = plan;
  const { groups = 1, input, output, kernelSize } = geometry;
  const [height, width, channels] = input;
  const [outHeight, outWidth, filters] = output;
  const [own, each] = [channels / groups, filters / groups];
  const list = listed(geometry, own, each);
  const taps = kernelSize[0] * kernelSize[1] * own;
  // Behind the kernels' own scratch stand the copies: of x, of the filters, of y.
  const whole = (floats: number) => Math.ceil(floats / 4) * 4;
  const xAt = whole(kernels.convolutionScratch(plan.batch, ...list));
  const filterAt = xAt + whole(plan.batch * height * width * own);
  const yAt = filterAt + whole(taps * each);
  const scratch = plan.scratch(yAt + plan.batch * outHeight * outWidth * each);
  const places = () => {
    const { address } = scratch;
    return { xs: address + 4 * xAt, filter: address + 4 * filterAt, ys: address + 4 * yAt };
  };
  /** Copies the columns of group g out of rows of `width`, or back into them. */
  const copy = (rows: number, columns: number, from: number, to: number, width: number, back = false) =>
    back
      ? kernels.copyColumns(rows, columns, from, columns, to, width)
      : kernels.copyColumns(rows, columns, from, width, to, columns);
  return {
    forward({ batch }) {
      const { xs, filter, ys } = places();
      for (let g = 0; g < groups; g++) {
        copy(batch * height * width, own, x.value.address + 4 * g * own, xs, channels);
        copy(taps, each, kernel.value.address + 4 * g * each, filter, filters);
        const start = bias ? bias.value.address + 4 * g * each : 0;
        kernels.convolution(xs, filter, start, ys, batch, ...list, scratch.address);
        copy(batch * outHeight * outWidth, each, ys, sums.address + 4 * g * each, filters, true);
      }
    },
    backward({ batch }) {
      const { xs, filter, ys } = places();
      for (let g = 0; g < groups; g++) {
        copy(batch * height * width, own, x.value.address + 4 * g * own, xs, channels);
        copy(batch * outHeight * outWidth, each, dy!.address + 4 * g * each, ys, filters);
        const dBias = bias?.gradient ? bias.gradient.address + 4 * g * each : 0;
        kernels.convolutionFilterGradient(xs, ys, filter, dBias, batch, ...list, scratch.address);
        copy(taps, each, filter, kernel.gradient!.address + 4 * g * each, filters, true);
        if (!x.gradient) continue;
        copy(taps, each, kernel.value.address + 4 * g * each, filter, filters);
        kernels.convolutionInputGradient(ys, filter, xs, batch, ...list, scratch.address);
        copy(batch * height * width, own, xs, x.gradient.address + 4 * g * own, channels, true);
      }
    },
  };
}
