// The function at the end of a layer, in a plan.

import { activationCodes, type Block, type PlanBuilder, type Signal } from '@tidecast/backend';
import type { Activation } from '../activations.ts';

/** Functions whose derivative needs the sums as well as the values. */
const NEEDS_SUMS: readonly Activation[] = ['swish', 'softplus'];

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
  if (activation === 'softmax') {
    const width = shape[shape.length - 1]!;
    const rows = perExample / width;
    plan.forward(({ batch }) => kernels.softmax(batch * rows, width, sums.address, value.address));
    if (gradient) {
      plan.backward(({ batch }) =>
        kernels.softmaxGradient(batch * rows, width, value.address, gradient.address, gradient.address),
      );
    }
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
