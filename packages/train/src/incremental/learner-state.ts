// All that an incremental learner has to remember between two updates, and its bytes: a safetensors file with the weights
// and the buffer, and the counters as JSON. Bytes may come from anywhere: all is checked before any of it is used.

import { decodeSafetensors, encodeSafetensors, type NdArray, type WindowSpec } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber, checkObject, shown } from '../check.ts';
import { firstDifference } from '../difference.ts';
import { firstNonFinite } from '../fit/run-state.ts';
import type { ReplayBuffer } from './replay-buffer.ts';
import { type Row, rowsOf, stack } from './rows.ts';

const FORMAT = 'tidecast-incremental-1';

/** What a learner knows beside the weights; never changed in place. */
export interface LearnerState {
  /** Updates so far, with those that were rolled back. */
  readonly updates: number;
  /** Updates that stayed. */
  readonly accepted: number;
  /** Time of the last target of all updates [ms], those rolled back too; −Infinity before the first. */
  readonly learnedTo: number;
  /** Windows of the updates that stayed, and the time of their last target. */
  readonly windows: number;
  readonly buffer?: ReplayBuffer;
}

/** What must be the same where a learner goes on. */
export interface LearnerConfig {
  model: Model['config'];
  spec: WindowSpec;
  seed: number;
  replay: { capacity: number; strategy: string } | null;
}

/** Shapes of one example. */
interface Shapes {
  xShape: readonly number[];
  yShape: readonly number[];
}

/** The learner as bytes. `weights` by name. */
export function encodeLearner(
  state: LearnerState,
  weights: Readonly<Record<string, Float32Array>>,
  config: LearnerConfig,
  { xShape, yShape }: Shapes,
): Uint8Array {
  const { buffer, updates, accepted, learnedTo, windows } = state;
  const tensors: Record<string, NdArray> = {};
  for (const [name, data] of Object.entries(weights)) {
    tensors[`weights/${name}`] = { data, shape: [data.length] };
  }
  if (buffer && buffer.rows.length > 0) {
    const put = (part: keyof Row, shape: readonly number[]) => {
      tensors[`replay/${part}`] = stack(buffer.rows, part, shape);
    };
    put('x', xShape);
    put('y', yShape);
    if (buffer.rows.some((row) => row.mask)) put('mask', xShape.slice(0, 1));
    if (buffer.rows.some((row) => row.weight)) put('weight', yShape);
  }
  return encodeSafetensors(tensors, {
    format: FORMAT,
    config: JSON.stringify(config),
    counters: JSON.stringify({
      updates,
      accepted,
      windows,
      // JSON has no infinity.
      learnedTo: Number.isFinite(learnedTo) ? learnedTo : null,
      seen: buffer?.seen ?? 0,
    }),
  });
}

/**
 * The learner that `bytes` hold. `sizes`: of every weight, by name; `empty`: the buffer before anything was offered.
 * @throws if they are none, are damaged, or belong to another model, other windows or another replay.
 */
export function restoreLearner(
  bytes: Uint8Array,
  config: LearnerConfig,
  {
    xShape,
    yShape,
    sizes,
    empty,
  }: Shapes & { sizes: Readonly<Record<string, number>>; empty?: ReplayBuffer },
): { state: LearnerState; weights: Float32Array[] } {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== FORMAT) {
    throw new Error(
      `incremental: format must be '${FORMAT}', got ${shown(metadata.format)}. Is it another file?`,
    );
  }
  const saved = checkObject('incremental: config', parse('config', metadata.config));
  const difference = firstDifference(saved, JSON.parse(JSON.stringify(config)));
  if (difference) {
    const { path, was, is } = difference;
    throw new Error(
      `incremental: the state is of another learner: ${path} was ${shown(was)}, is ${shown(is)}. Resume with the same, or start anew.`,
    );
  }
  const take = (name: string, size: number): Float32Array => {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (tensor?.data.length !== size) {
      const got = tensor ? `${tensor.data.length} values` : 'none';
      throw new Error(`incremental: expected ${size} values of ${name}, got ${got}. Is the file damaged?`);
    }
    if (firstNonFinite([tensor.data]) >= 0) {
      throw new Error(`incremental: ${name} is not finite. Is the file damaged?`);
    }
    return tensor.data;
  };
  const weights = Object.entries(sizes).map(([name, size]) => take(`weights/${name}`, size));
  const counters = checkObject('incremental: counters', parse('counters', metadata.counters));
  const count = (name: string, max?: number) =>
    checkNumber(`incremental: ${name}`, counters[name], { min: 0, max, integer: true });
  const updates = count('updates');
  const state: LearnerState = {
    updates,
    accepted: count('accepted', updates),
    windows: count('windows'),
    learnedTo:
      counters.learnedTo === null
        ? Number.NEGATIVE_INFINITY
        : checkNumber('incremental: learnedTo', counters.learnedTo),
    ...(empty && { buffer: restoreBuffer(empty, count('seen')) }),
  };
  return { state, weights };

  function restoreBuffer(from: ReplayBuffer, seen: number): ReplayBuffer {
    const length = Math.min(seen, from.capacity);
    if (length === 0) return from;
    const part = (name: keyof Row, shape: readonly number[]): NdArray => {
      const size = shape.reduce((product, each) => product * each, length);
      return { data: take(`replay/${name}`, size), shape: [length, ...shape] };
    };
    const optional = (name: 'mask' | 'weight', shape: readonly number[]) =>
      Object.hasOwn(tensors, `replay/${name}`) && { [name]: part(name, shape) };
    const batch = {
      x: part('x', xShape),
      y: part('y', yShape),
      ...optional('mask', xShape.slice(0, 1)),
      ...optional('weight', yShape),
    };
    const all = Array.from({ length }, (_, i) => i);
    return { ...from, seen, rows: rowsOf({ batch: () => batch }, all) };
  }
}

function parse(name: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw new Error(`incremental: ${name} is not JSON. Is the file damaged?`);
  }
}
