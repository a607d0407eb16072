// A recurrent layer in a plan: one kernel call per direction forward, one backward.

import type { Block, PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import type { PlannedStates } from '../layer-definition.ts';
import type { PlannedRegularisers } from './regularisers.ts';

/** One direction of a layer: sizes and blocks, fixed when the plan is laid out. */
export interface PlannedDirection extends PlannedRegularisers {
  steps: number;
  channels: number;
  units: number;
  reverse: boolean;
  weights: Readonly<Record<string, PlannedWeight>>;
  x: Block;
  mask?: Block;
  /** States to start from; absent: zeros. */
  h0?: Block;
  c0?: Block;
  workspace: Block;
  /** Where all states go, rows `stride` floats apart; absent where only the last one is wanted. */
  sequence?: Block;
  /** Where the last state goes, rows `stride` floats apart. */
  last?: Block;
  stride: number;
  /** Gradients by `sequence`, `last` and `x`; dx is added to where the direction is not the first. */
  dSequence?: Block;
  dLast?: Block;
  dx?: Block;
  addInput: boolean;
}

/** The kernels of a cell. `batch` comes with each run. */
export interface PlannedCell {
  /** How its workspace is laid out: columns for each unit, and extra states. */
  gates: number;
  extra: number;
  workspace(batch: number, steps: number, channels: number, units: number): number;
  forward(direction: PlannedDirection, batch: number): void;
  backward(direction: PlannedDirection, batch: number): void;
}

/** Address of a block, 0 where there is none: what kernels take for "not given" and "not wanted". */
export function addressOf(block: Block | undefined): number {
  return block === undefined ? 0 : block.address;
}

/** How a layer runs its cell. */
export interface RecurrentPlan {
  units: number;
  returnSequences: boolean;
  /** For one direction only. */
  states?: PlannedStates;
  directions: readonly {
    reverse: boolean;
    weights: Readonly<Record<string, PlannedWeight>>;
    regularisers: PlannedRegularisers;
  }[];
}

/** Adds the steps of a recurrent layer and returns its output. */
export function planRecurrent(
  plan: PlanBuilder,
  input: Signal,
  cell: PlannedCell,
  { units, returnSequences, states, directions }: RecurrentPlan,
): Signal {
  const { h, c } = states?.blocks ?? {};
  const [steps, channels] = input.shape as [number, number];
  const stride = units * directions.length;
  const output = returnSequences ? plan.signal([steps, stride], input.mask) : plan.signal([stride]);
  const runs = directions.map(({ reverse, weights, regularisers }, index): PlannedDirection => {
    const part = (block: Block) => plan.slice(block, index * units, block.length - index * units);
    const { value, gradient } = output;
    return {
      steps,
      channels,
      units,
      reverse,
      weights,
      ...regularisers,
      x: input.value,
      mask: input.mask,
      h0: h?.before,
      c0: c?.before,
      workspace: plan.block(cell.workspace(plan.batch, steps, channels, units)),
      stride,
      ...(returnSequences ? { sequence: part(value) } : { last: part(value) }),
      ...(gradient && (returnSequences ? { dSequence: part(gradient) } : { dLast: part(gradient) })),
      dx: input.gradient,
      addInput: index > 0,
    };
  });
  plan.forward(({ batch }) => {
    for (const run of runs) cell.forward(run, batch);
  });
  if (states) {
    const { workspace, drops } = runs[0]!;
    plan.forward(({ batch }) => {
      plan.kernels.recurrentStates(
        batch,
        steps,
        channels,
        units,
        cell.gates,
        cell.extra,
        states.after ?? steps,
        addressOf(drops),
        workspace.address,
        h!.after.address,
        addressOf(c?.after),
      );
    });
  }
  if (plan.training) {
    plan.backward(({ batch }) => {
      for (const run of runs) cell.backward(run, batch);
    });
  }
  return output;
}
