// Runs a loss in a plan of its own, without a network: for tests that compare the planned form with the tape.

import { createPlan, currentKernels } from '@tidecast/backend';
import type { NdArray } from '@tidecast/data';
import type { Loss } from '../../src/index.ts';

/** Value and gradient by the outputs of a planned loss. */
export function plannedLoss(
  loss: Loss,
  output: NdArray,
  y: NdArray,
  weight?: NdArray,
): { value: number; gradient: Float32Array } {
  const [batch, ...shape] = output.shape;
  const plan = createPlan(currentKernels()!, { batch: batch!, training: true });
  const signal = plan.signal(shape);
  const targets = { y: plan.block(y.data.length), weight: weight && plan.block(y.data.length) };
  const measure = loss.plan!(plan, signal, { ...targets, shape: y.shape.slice(1) });
  if (typeof measure === 'string') throw new Error(measure);
  const laid = plan.lay();
  laid.view(signal.value).set(output.data);
  laid.view(signal.gradient!).fill(Number.NaN);
  laid.view(targets.y).set(y.data);
  if (weight) laid.view(targets.weight!).set(weight.data);
  const value = measure({ batch: batch!, seed: 0 });
  const gradient = laid.view(signal.gradient!).slice();
  laid.dispose();
  return { value, gradient };
}
