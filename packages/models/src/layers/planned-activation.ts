// The function at the end of a layer, in a plan.

import { activationCodes, type Block, type PlanBuilder, type Signal } from '@tidecast/backend';
import type { Activation } from '../activations.ts';

/** Functions whose derivative needs the sums as well as the values. */
const NEEDS_SUMS: readonly Activation[] = ['swish', 'softplus'];

/** ReLUs that nobody has read behind yet, by the signal they end in. */
const movable = new WeakMap<Signal, { moved: boolean }>();

/**
 * Takes a ReLU off its layer, where the signal ends in one; true if so. For layers that commute with it and have fewer
 * outputs than inputs: they add it to their own output, and read the sums before it in the input.
 */
export function takeRelu(signal: Signal): boolean {
  const relu = movable.get(signal);
  if (!relu) return false;
  relu.moved = true;
  return true;
}

/** The block that a layer writes its sums to: the output's own, unless the derivative needs them later. */
export function sumsFor(plan: PlanBuilder, activation: Activation, output: Signal): Block {
  return plan.training && NEEDS_SUMS.includes(activation) ? plan.block(output.value.length) : output.value;
}

/**
 * Adds the step that turns `sums` into the output's values, and the one that turns the gradient by the values into that
 * by the sums, in place. Call it after the layer's own forward step and after its own backward step were added.
 */
export function planActivation(plan: PlanBuilder, activation: Activation, sums: Block, output: Signal): void {
  if (activation === 'linear') return;
  const { kernels } = plan;
  const { value, gradient, shape } = output;
  const perExample = shape.reduce((product, size) => product * size, 1);
  if (activation === 'softmax' || activation === 'logSoftmax') {
    const [run, differentiate] =
      activation === 'softmax'
        ? [kernels.softmax, kernels.softmaxGradient]
        : [kernels.logSoftmax, kernels.logSoftmaxGradient];
    const width = shape[shape.length - 1]!;
    const rows = perExample / width;
    plan.forward(({ batch }) => run(batch * rows, width, sums.address, value.address));
    if (gradient) {
      plan.backward(({ batch }) =>
        differentiate(batch * rows, width, value.address, gradient.address, gradient.address),
      );
    }
    return;
  }
  if (activation === 'relu') {
    planRelu(plan, sums, output);
    return;
  }
  const code = activationCodes[activation];
  plan.forward(({ batch }) => kernels.activateAll(code, batch * perExample, sums.address, value.address));
  if (gradient) {
    plan.backward(({ batch }) => {
      const { address } = gradient;
      kernels.activateGradient(code, batch * perExample, sums.address, value.address, address, address);
    });
  }
}

/** A ReLU of its own, unless the next layer takes it. */
function planRelu({ kernels, forward, backward }: PlanBuilder, sums: Block, output: Signal): void {
  const { value, gradient, shape } = output;
  const perExample = shape.reduce((product, size) => product * size, 1);
  const relu = { moved: false };
  movable.set(output, relu);
  const code = activationCodes.relu;
  forward(({ batch }) => {
    if (!relu.moved) kernels.activateAll(code, batch * perExample, sums.address, value.address);
  });
  if (!gradient) return;
  backward(({ batch }) => {
    if (relu.moved) return;
    const { address } = gradient;
    kernels.activateGradient(code, batch * perExample, sums.address, value.address, address, address);
  });
}
