// A recurrent kernel forward and backward, from the same input as its reference.

import { expect } from 'vitest';
import { activations } from '../reference/activations.ts';
import {
  type CellName,
  gainsOf,
  gatesOf,
  type RecurrentInput,
  type RecurrentOutput,
} from '../reference/recurrent.ts';
import { noise } from '../reference/support.ts';
import type { TestKernels } from './test-kernels.ts';

/** Where the results go. */
export interface RecurrentRun {
  /** Addresses of arrays shared with another run, as the two directions of a layer share them. */
  y?: number;
  yStride?: number;
  hLast?: number;
  lastStride?: number;
  dy?: number;
  dhLast?: number;
  dx?: number;
  addInput?: boolean;
  /** Results that are not wanted: their address is 0. */
  without?: readonly (keyof RecurrentOutput)[];
  /** Addresses of the workspace and of drops, for who looks into them after the run. */
  workspace?: number;
  drops?: number;
  /** What stands in the workspace before; garbage where not given. */
  workspaceFill?: number;
}

export type RecurrentResult = Partial<Record<keyof RecurrentOutput, Float32Array>>;

type Kernel = (...values: (number | boolean)[]) => void;

/** The results that a cell has. */
export function resultsOf(cell: CellName): (keyof RecurrentOutput)[] {
  return [
    ...(['y', 'hLast', 'dx', 'dkernel', 'drecurrent', 'dbias', 'dh0'] as const),
    ...(cell === 'lstm' ? (['cLast', 'dc0'] as const) : []),
    ...(cell === 'gru' ? (['drecurrentBias'] as const) : []),
  ];
}

/** As the kernels lay a workspace out: columns for each unit, and extra states. */
export const layouts: Readonly<Record<CellName, readonly [gates: number, extra: number]>> = {
  rnn: [1, 0],
  lstm: [4, 2],
  gru: [4, 0],
  gruBefore: [3, 1],
};

/** Random input; the weights are uniform in ±1/√H, as PyTorch draws them. */
export function recurrentInput(
  cell: CellName,
  sizes: Pick<RecurrentInput, 'B' | 'T' | 'C' | 'H'>,
  extra: Partial<RecurrentInput> = {},
): RecurrentInput {
  const { B, T, C, H } = sizes;
  const N = gatesOf(cell) * H;
  const seed = 1000 * B + 100 * T + 10 * C + H;
  const weights = (count: number, which: number) =>
    noise(count, seed + which).map((each) => each / Math.sqrt(H));
  const input: RecurrentInput = {
    ...sizes,
    gate: 'sigmoid',
    cell: 'tanh',
    x: noise(B * T * C, seed),
    kernel: weights(C * N, 1),
    recurrent: weights(H * N, 2),
    bias: weights(N, 3),
    recurrentBias: cell === 'gru' ? weights(N, 4) : undefined,
    h0: noise(B * H, seed + 5),
    c0: cell === 'lstm' ? noise(B * H, seed + 6) : undefined,
    dy: noise(B * T * H, seed + 7),
    dhLast: noise(B * H, seed + 8),
    dcLast: cell === 'lstm' ? noise(B * H, seed + 9) : undefined,
    ...extra,
  };
  if (!input.mask) return input;
  // What stands at padded steps must reach nothing.
  const hide = (values: ArrayLike<number> | undefined, length: number) =>
    values &&
    Float32Array.from(values, (each, i) => (input.mask![Math.floor(i / length)] ? each : Number.NaN));
  return { ...input, x: hide(input.x, C)!, dy: hide(input.dy, H) };
}

/** Runs the kernels of a cell. What they must leave alone is looked at by the guards. */
export function runRecurrent(
  test: TestKernels,
  cell: CellName,
  input: RecurrentInput,
  run: RecurrentRun = {},
): RecurrentResult {
  const { B, T, C, H, reverse = false } = input;
  const N = gatesOf(cell) * H;
  const counts: Record<keyof RecurrentOutput, number> = {
    y: B * T * H,
    hLast: B * H,
    cLast: B * H,
    dx: B * T * C,
    dkernel: C * N,
    drecurrent: H * N,
    dbias: N,
    drecurrentBias: N,
    dgains: 0,
    dh0: B * H,
    dc0: B * H,
  };
  const wanted = resultsOf(cell).filter((name) => !run.without?.includes(name));
  const out = Object.fromEntries(
    wanted.map((name) => [name, run[name as keyof RecurrentRun] ?? test.garbage(counts[name])]),
  ) as Record<keyof RecurrentOutput, number>;
  const given = (values: ArrayLike<number> | undefined) => (values ? test.put(values) : 0);
  const kernels = test.kernels as unknown as Record<string, Kernel>;
  const workspaceSize = kernels[`${cell}Workspace`]!(B, T, C, H) as unknown as number;
  const workspace =
    run.workspace ??
    (run.workspaceFill === undefined
      ? test.garbage(workspaceSize)
      : test.put(new Float32Array(workspaceSize).fill(run.workspaceFill)));

  const lstm = <Value>(...values: Value[]) => (cell === 'lstm' ? values : []);
  const gru = <Value>(...values: Value[]) => (cell === 'gru' ? values : []);
  const gate = cell === 'rnn' ? [] : [activations[input.gate].code];
  const common = [B, T, C, H, reverse, ...gate, activations[input.cell].code];
  const [yStride, lastStride] = [run.yStride ?? H, run.lastStride ?? H];
  const mask = given(input.mask);
  // Rows of whole vectors.
  const P = 4 * Math.ceil(H / 4);
  const padded = (values: ArrayLike<number>, between = 0.5) => {
    const rows = new Float32Array((values.length / H) * P).fill(between);
    for (let i = 0; i < values.length; i++) rows[Math.floor(i / H) * P + (i % H)] = values[i]!;
    return rows;
  };
  let drops = run.drops ?? 0;
  if (input.factors) {
    drops ||= test.garbage(test.kernels.recurrentDropsSize(B, T, H));
    test.set(drops, padded(input.factors));
  }
  const [keep, keepCell] = [input.keep, input.keepCell].map((rate) => given(rate && padded(rate)));
  const gains = gainsOf(cell);
  let norm = 0;
  if (input.gains) {
    norm = test.garbage(test.kernels.recurrentNormSize(B, T, H, layouts[cell][0], gains));
    test.set(norm, padded(input.gains, 0));
  }
  const regularisers = [norm, drops, keep!, ...lstm(keepCell!)];
  kernels[`${cell}Forward`]!(
    ...[...common, given(input.x), given(input.kernel), given(input.recurrent), given(input.bias)],
    ...gru(given(input.recurrentBias)),
    given(input.h0),
    ...lstm(given(input.c0)),
    ...[mask, ...regularisers, workspace, out.y ?? 0, yStride, out.hLast ?? 0, lastStride],
    ...lstm(out.cLast ?? 0),
  );
  kernels[`${cell}Backward`]!(
    ...[...common, mask, ...regularisers, workspace],
    ...[run.dy ?? given(input.dy), yStride, run.dhLast ?? given(input.dhLast), lastStride],
    ...lstm(given(input.dcLast)),
    ...[out.dkernel ?? 0, out.drecurrent ?? 0, out.dbias ?? 0],
    ...gru(out.drecurrentBias ?? 0),
    ...[out.dx ?? 0, run.addInput ?? false, out.dh0 ?? 0],
    ...lstm(out.dc0 ?? 0),
  );
  test.expectGuards();
  const rows = norm ? test.get(norm + 4 * gains * P, gains * P) : new Float32Array();
  return {
    ...Object.fromEntries(wanted.map((name) => [name, test.get(out[name], counts[name])])),
    ...(norm && { dgains: rows.filter((_, i) => i % P < H) }),
  };
}

function largest(values: Float64Array): number {
  return values.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
}

/**
 * Expects every result within `bound` of the reference, relative to its largest value. The last states are states like
 * those before them and measured by the largest of all: a single state near 0 is the sum of terms near 1, whose rounding
 * is all that is left of it. Where the reference is 0 the result must be 0.
 */
export function expectRecurrent(
  result: RecurrentResult,
  expected: RecurrentOutput,
  bound: number,
  where: string,
) {
  for (const [name, values] of Object.entries(result)) {
    const reference = expected[name as keyof RecurrentOutput];
    expect(values.length).toBe(reference.length);
    const scale = Math.max(largest(reference), name === 'hLast' ? largest(expected.y) : 0);
    let worst = 0;
    for (const [i, each] of reference.entries()) {
      const error = Math.abs(values[i]! - each);
      worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
    }
    if (scale === 0) expect(worst, `${name} is 0, ${where}`).toBe(0);
    else expect(worst / scale, `${name}, ${where}`).toBeLessThanOrEqual(bound);
  }
}
