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
import type { PlannedState } from './layer-definition.ts';
import type { InferStatefulOptions, Stateful } from './model.ts';
import { planLayers } from './plan-layers.ts';
import type { ResolvedLayer } from './resolve-layers.ts';

/** Runs a network forward. */
export interface Inference {
  /** Outputs and states for checked inputs; undefined where the network, or the running backend, has no plan. */
  run(x: NdArray, options: InferStatefulOptions): Stateful<NdArray> | undefined;
  dispose(): void;
}

interface Laid {
  /** What it was laid out for: number of examples at most, shape of one, with or without a mask. */
  capacity: number;
  key: string;
  plan: Plan;
  input: Signal;
  output: Signal;
  variables: { variable: Variable; block: Block }[];
  states: Readonly<Record<string, PlannedState>>;
}

/** Variables of a network, by full name. */
export interface NetworkVariables {
  weights: Readonly<Record<string, Variable>>;
  statistics: Readonly<Record<string, Variable>>;
}

/**
 * An inference over the variables of a network that hands on the states of which `sizes` are given. Plans are made on first use
 * and kept.
 */
export function createInference(
  layers: readonly ResolvedLayer[],
  { weights, statistics }: NetworkVariables,
  sizes?: Readonly<Record<string, number>> | string,
): Inference {
  let laid: Laid | undefined;
  /** Shapes that have no plan, so that it is not tried again. */
  const refused = new Set<string>();
  const dispose = () => {
    laid?.plan.dispose();
    laid = undefined;
  };

  const planFor = (
    kernels: CurrentKernels,
    [count = 0, ...shape]: readonly number[],
    masked: boolean,
    after: number | undefined,
  ) => {
    const key = `${shape}${masked ? ' masked' : ''}${after === undefined ? '' : ` ${after}`}`;
    if (refused.has(key)) return undefined;
    if (laid?.key === key && laid.capacity >= count) return laid;
    dispose();
    const builder = createPlan(kernels, { batch: count, training: false });
    const mask = masked ? builder.block(count * shape[0]!) : undefined;
    const input = builder.signal(shape, mask);
    const variables: Laid['variables'] = [];
    const lent = (all: Readonly<Record<string, Variable>>) =>
      Object.fromEntries(
        Object.entries(all).map(([name, variable]) => {
          const block = { length: variable.size, address: 0 };
          variables.push({ variable, block });
          return [name, { value: block }];
        }),
      );
    const states = Object.fromEntries(
      Object.entries(typeof sizes === 'object' ? sizes : {}).map(([name, units]) => {
        return [name, { before: builder.block(count * units), after: builder.block(count * units) }];
      }),
    );
    const output = planLayers(layers, builder, input, lent(weights), {
      statistics: lent(statistics),
      ...(sizes && { states: { blocks: states, ...(after !== undefined && { after }) } }),
    });
    if (typeof output === 'string') {
      refused.add(key);
      return undefined;
    }
    laid = { capacity: count, key, plan: builder.lay(), input, output, variables, states };
    return laid;
  };

  return {
    run(x, { mask, state, stateAfter }) {
      const kernels = currentKernels();
      const found = kernels && planFor(kernels, x.shape, mask !== undefined, stateAfter);
      if (!found) return undefined;
      const { plan, input, output, variables, states } = found;
      const count = x.shape[0]!;
      for (const { variable, block } of variables) block.address = kernels.addressOf(variable);
      plan.feed(input, x.data, mask?.data);
      for (const [name, { before }] of Object.entries(states)) {
        const given = state?.[name];
        if (given) plan.view(before, given.data.length).set(given.data);
        else plan.view(before).fill(0);
      }
      plan.runForward({ batch: count, seed: 0 });
      const size = count * output.shape.reduce((product, each) => product * each, 1);
      const take = (block: Block, floats: number) => plan.view(block, floats).slice();
      return {
        output: { data: take(output.value, size), shape: [count, ...output.shape] },
        state: Object.fromEntries(
          Object.entries(states).map(([name, { after }]) => {
            const units = after.length / found.capacity;
            return [name, { data: take(after, count * units), shape: [count, units] }];
          }),
        ),
      };
    },
    dispose,
  };
}
