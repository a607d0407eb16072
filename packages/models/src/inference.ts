// Outputs without tensors: a forward plan that reads the weights where tfjs keeps them.

import type { Variable } from '@tensorflow/tfjs-core';
import {
  type Block,
  type CurrentKernels,
  createPlan,
  currentKernels,
  type Plan,
  type Signal,
} from '@tidecast/backend';
import type { NdArray } from '@tidecast/data';
import { planLayers } from './plan-layers.ts';
import type { ResolvedLayer } from './resolve-layers.ts';

/** Runs a network forward. */
export interface Inference {
  /** The outputs for checked inputs; undefined where the network, or the running backend, has no plan. */
  run(x: NdArray, mask?: NdArray): NdArray | undefined;
  dispose(): void;
}

interface Laid {
  /** What it was laid out for: number of examples at most, shape of one, with or without a mask. */
  capacity: number;
  key: string;
  plan: Plan;
  input: Signal;
  output: Signal;
  weights: { variable: Variable; block: Block }[];
}

/** An inference over `variables`, the weights by their full names. Plans are made on first use and kept. */
export function createInference(
  layers: readonly ResolvedLayer[],
  variables: Readonly<Record<string, Variable>>,
): Inference {
  let laid: Laid | undefined;
  /** Shapes that have no plan, so that it is not tried again. */
  const refused = new Set<string>();
  const dispose = () => {
    laid?.plan.dispose();
    laid = undefined;
  };

  const planFor = (kernels: CurrentKernels, count: number, shape: number[], masked: boolean) => {
    const key = `${shape}${masked ? ' masked' : ''}`;
    if (refused.has(key)) return undefined;
    if (laid?.key === key && laid.capacity >= count) return laid;
    dispose();
    const builder = createPlan(kernels, { batch: count, training: false });
    const mask = masked ? builder.block(count * shape[0]!) : undefined;
    const input = builder.signal(shape, mask);
    const weights = Object.entries(variables).map(([name, variable]) => {
      return { name, variable, block: { length: variable.size, address: 0 } };
    });
    const blocks = Object.fromEntries(weights.map(({ name, block }) => [name, { value: block }]));
    const output = planLayers(layers, builder, input, blocks);
    if (typeof output === 'string') {
      refused.add(key);
      return undefined;
    }
    laid = { capacity: count, key, plan: builder.lay(), input, output, weights };
    return laid;
  };

  return {
    run({ data, shape: [count = 0, ...shape] }, mask) {
      const kernels = currentKernels();
      const found = kernels && planFor(kernels, count, shape, mask !== undefined);
      if (!found) return undefined;
      const { plan, input, output, weights } = found;
      for (const { variable, block } of weights) block.address = kernels.addressOf(variable);
      plan.feed(input, data, mask?.data);
      plan.runForward({ batch: count, seed: 0 });
      const size = count * output.shape.reduce((product, each) => product * each, 1);
      return { data: plan.view(output.value, size).slice(), shape: [count, ...output.shape] };
    },
    dispose,
  };
}
