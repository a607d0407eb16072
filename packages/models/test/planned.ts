// One forward and backward pass of a model as a planned run, as plain numbers.

import { createPlan, currentKernels } from '@tidecast/backend';
import type { Model } from '../src/index.ts';
import type { Pass, PassArray, PassOptions } from './tape.ts';
import { valuesOf } from './values.ts';

/** As `runTape`: output and gradients of `sum(output · probe)`. @throws with the reason where there is no plan. */
export function runPlanned(
  model: Model,
  x: PassArray,
  options: PassOptions & { capacity?: number } = {},
): Pass {
  const { mask, state, stateAfter: after, seed = 0, capacity = x.shape[0]! } = options;
  const plan = createPlan(currentKernels()!, { batch: capacity, training: true });
  const [batch = 0, ...shape] = x.shape;
  const room = capacity / batch;
  const input = plan.signal(shape, mask && plan.block(mask.data.length * room));
  const weights = Object.entries(model.weights).map(([name, { size }]) => {
    return { name, value: plan.block(size), gradient: plan.block(size) };
  });
  const statistics = Object.entries(model.statistics ?? {}).map(([name, { size }]) => {
    return { name, value: plan.block(size), ...(options.training && { next: plan.block(size) }) };
  });
  const named = <E extends { name: string }>(entries: E[]) =>
    Object.fromEntries(entries.map((each) => [each.name, each]));
  const states = Object.entries(state ?? {}).map(([name, { data }]) => {
    return { name, before: plan.block(data.length * room), after: plan.block(data.length * room) };
  });
  const output = model.plan!(plan, input, named(weights), {
    statistics: named(statistics),
    ...(state && { states: { blocks: named(states), ...(after !== undefined && { after }) } }),
  });
  if (typeof output === 'string') throw new Error(output);
  const laid = plan.lay();
  // Fresh memory holds anything.
  const all = [input.value, input.gradient!, output.value, output.gradient!];
  for (const block of all) laid.view(block).fill(Number.NaN);
  for (const { name, value, gradient } of weights) {
    laid.view(value).set(model.weights[name]!.dataSync());
    laid.view(gradient).fill(Number.NaN);
  }
  for (const { name, before } of states) laid.view(before, state![name]!.data.length).set(state![name]!.data);
  for (const { name, value } of statistics) laid.view(value).set(model.statistics![name]!.dataSync());
  const values = laid.view(input.value, x.data.length);
  values.set(x.data);
  if (mask) {
    laid.view(input.mask!, mask.data.length).set(mask.data);
    // What feeds a plan puts 0 at masked steps.
    const channels = x.data.length / mask.data.length;
    for (let i = 0; i < mask.data.length; i++) {
      if (mask.data[i]! < 0.5) values.fill(0, i * channels, (i + 1) * channels);
    }
  }
  const size = batch * output.shape.reduce((product, each) => product * each, 1);
  laid.runForward({ batch, seed });
  const result = laid.view(output.value, size).slice();
  laid.view(output.gradient!, size).set(valuesOf('probe', size));
  laid.runBackward({ batch, seed });
  const pass = {
    shape: [batch, ...output.shape],
    output: result,
    states: Object.fromEntries(
      states.map(({ name, after }) => [name, laid.view(after, state![name]!.data.length).slice()]),
    ),
    statistics: Object.fromEntries(
      statistics.flatMap(({ name, next }) => (next ? [[name, laid.view(next).slice()]] : [])),
    ),
    gradients: Object.fromEntries([
      ['x', laid.view(input.gradient!, x.data.length).slice()],
      ...weights.map(({ name, gradient }) => [name, laid.view(gradient).slice()]),
    ]),
  };
  laid.dispose();
  return pass;
}
