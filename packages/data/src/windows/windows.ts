// Windows over a series as training samples: the past goes in, the future comes out, and nothing leaks.
// A window is only a position in the series; `batch` copies it out when it is asked for.

import type { Batch, NdArray, Samples } from '../samples.ts';
import { duration } from '../series/text.ts';
import { type Channel, lengthOf, type Series, timeAt } from '../series.ts';
import {
  checkGate,
  type InputChannel,
  planWindows,
  staticIndex,
  type WindowPlan,
  type WindowSpec,
  writeInput,
  writeReference,
  writeTarget,
} from './plan.ts';

/** What happens to a window that touches missing values, and where origins may lie. */
export interface WindowOptions {
  /** Steps between windows, default 1. */
  stride?: number;
  /** Takes only origins at multiples of this many ms since 1970-01-01T00:00Z: `DAY` for midnight. */
  align?: number;
  /** Shifts the aligned origins [ms]: with `align: DAY`, `6 * HOUR` issues at 06 UT. Default 0. */
  alignOffset?: number;
  /**
   * `'drop'` (default): a window with a missing value is left out.
   * `'mask'`: it stays; a step with any missing input is 0 with mask 0, a missing target 0 with weight 0.
   * A window without any input step or any target is left out in both.
   */
  missing?: 'drop' | 'mask';
  /**
   * Keeps windows of which only so many steps are there; the missing leading ones, also those before the start of
   * the series, are padded with 0 and masked. Default: `steps`.
   */
  minSteps?: number;
}

/** Windows as {@link Samples}: x `[B, steps, inputChannels]`, y `[B, horizon, targetChannels]`. */
export interface WindowSamples extends Samples {
  spec: WindowSpec;
  /** Time between samples [ms]. */
  step: number;
  /** Per window: the moment the forecast is issued [ms]; the first target is at `origin − issueDelay + step`. */
  origins: Float64Array;
  /** The columns of x. */
  inputChannels: InputChannel[];
  /** The columns of y. With `relativeTo`, y is the target less its reference. */
  targetChannels: Channel[];
  /** Per window: time of the first sample it touches [ms], be it padding. */
  from: Float64Array;
  /** Per window: time of its last target [ms]. */
  to: Float64Array;
  /** Per window: {@link GAP_INPUT} where an input step is masked, plus {@link GAP_TARGET} where a target is missing. */
  gaps: Uint8Array;
  /** Windows left out for missing values when the windows were made; 0 for a subset. */
  dropped: number;
  /** Windows kept with a masked step or a missing target. */
  masked: number;
  /** What was subtracted from the targets: `[B, horizon, K]`, 0 without `relativeTo`, NaN where missing. */
  reference(indices: ArrayLike<number>): NdArray;
}

/** Bits of {@link WindowSamples.gaps}. */
export const GAP_INPUT = 1;
export const GAP_TARGET = 2;

/**
 * All windows of `series` that `spec` and `options` describe.
 *
 * The gate: every input value must be known at the origin, `availableAt(channel, time) ≤ L + issueDelay`. It is checked
 * for each origin that `stride` and `align` leave, whether or not its window is then dropped for missing values.
 * Windows end with the last target there is; those that would reach past it are no windows yet, and not counted.
 * @throws if a channel is absent, an option makes no sense, or an input would be known too late.
 */
export function windows(series: Series, spec: WindowSpec & WindowOptions): WindowSamples {
  const { stride = 1, align, alignOffset = 0, missing = 'drop', minSteps, ...rest } = spec;
  const plan = planWindows(series, rest);
  checkOptions(plan, spec);
  const { steps, horizon } = rest;
  const C = plan.columns.length;
  const scratch = {
    x: new Float32Array(steps * C),
    mask: new Float32Array(steps),
    y: new Float32Array(horizon * plan.targets.length),
    weight: new Float32Array(horizon * plan.targets.length),
    at: 0,
    maskAt: 0,
  };
  const lasts: number[] = [];
  const gaps: number[] = [];
  let dropped = 0;
  let first = -1;
  const end = targetEnd(plan);
  for (let last = (minSteps ?? steps) - 1; last + horizon < end; last++) {
    if (align !== undefined && !isMultiple(timeAt(series, last) + plan.issueDelay - alignOffset, align))
      continue;
    if (first < 0) first = last;
    if ((last - first) % stride !== 0) continue;
    checkGate(plan, last);
    const input = writeInput(plan, last, scratch);
    const targets = writeTarget(plan, last, scratch);
    if (
      !isInputKept(input, steps, missing, minSteps) ||
      targets < (missing === 'drop' ? scratch.y.length : 1)
    ) {
      dropped++;
      continue;
    }
    lasts.push(last);
    gaps.push((input.real < steps ? GAP_INPUT : 0) | (targets < scratch.y.length ? GAP_TARGET : 0));
  }
  return samplesOf(plan, Int32Array.from(lasts), Uint8Array.from(gaps), dropped);
}

/** Index after the last sample that has a target: past it, channels known ahead may go on, but there is nothing to learn. */
function targetEnd({ series, targets }: WindowPlan): number {
  const size = series.channels.length;
  let end = lengthOf(series);
  while (end > 0 && targets.every(({ channel }) => Number.isNaN(series.values[(end - 1) * size + channel]!)))
    end--;
  return end;
}

/** Whether an input with these steps stays, under the choice for missing values. */
export function isInputKept(
  input: { real: number; leading: number },
  steps: number,
  missing: 'drop' | 'mask',
  minSteps?: number,
): boolean {
  if (missing === 'mask') return input.real >= (minSteps ?? 1);
  return input.real >= (minSteps ?? steps) && input.real + input.leading === steps;
}

function samplesOf(plan: WindowPlan, lasts: Int32Array, gaps: Uint8Array, dropped: number): WindowSamples {
  const { series, spec } = plan;
  const { steps, horizon } = spec;
  const C = plan.columns.length;
  const K = plan.targets.length;
  const anyMask = gaps.some((gap) => gap & GAP_INPUT);
  const anyWeight = gaps.some((gap) => gap & GAP_TARGET);
  const lastOf = (index: number) => {
    if (!(Number.isInteger(index) && index >= 0 && index < lasts.length)) {
      throw new Error(`windows: index ${index} is out of range, there are ${lasts.length} windows.`);
    }
    return lasts[index]!;
  };
  const times = (of: (last: number) => number) =>
    Float64Array.from(lasts, (last) => timeAt(series, of(last)));
  const fixed = plan.columns.flatMap((column, c) => (column.fixed ? [c] : []));
  return {
    count: lasts.length,
    xShape: [steps, C],
    yShape: [horizon, K],
    spec,
    step: series.step,
    origins: Float64Array.from(lasts, (last) => timeAt(series, last) + plan.issueDelay),
    inputChannels: plan.inputChannels,
    targetChannels: plan.targetChannels,
    from: times((last) => Math.min(last - steps + 1, ...fixed.map((c) => staticIndex(plan, c, last)))),
    to: times((last) => last + horizon),
    gaps,
    dropped,
    masked: gaps.reduce((count, gap) => count + (gap ? 1 : 0), 0),
    batch(indices): Batch {
      const B = indices.length;
      const out = {
        x: new Float32Array(B * steps * C),
        mask: new Float32Array(B * steps),
        y: new Float32Array(B * horizon * K),
        weight: new Float32Array(B * horizon * K),
      };
      for (let b = 0; b < B; b++) {
        const last = lastOf(indices[b]!);
        writeInput(plan, last, { x: out.x, at: b * steps * C, mask: out.mask, maskAt: b * steps });
        writeTarget(plan, last, { y: out.y, weight: out.weight, at: b * horizon * K });
      }
      return {
        x: { data: out.x, shape: [B, steps, C] },
        y: { data: out.y, shape: [B, horizon, K] },
        ...(anyMask && { mask: { data: out.mask, shape: [B, steps] } }),
        ...(anyWeight && { weight: { data: out.weight, shape: [B, horizon, K] } }),
      };
    },
    reference(indices): NdArray {
      const data = new Float32Array(indices.length * horizon * K);
      for (let b = 0; b < indices.length; b++) {
        writeReference(plan, lastOf(indices[b]!), data, b * horizon * K);
      }
      return { data, shape: [indices.length, horizon, K] };
    },
  };
}

function checkOptions(plan: WindowPlan, options: WindowOptions): void {
  const { stride = 1, align, alignOffset = 0, missing = 'drop' } = options;
  if (!Number.isInteger(stride) || stride < 1) {
    throw new Error(`windows: stride must be a whole number of steps of at least 1, got ${stride}.`);
  }
  if (missing !== 'drop' && missing !== 'mask') {
    throw new Error(`windows: missing must be 'drop' or 'mask', got '${missing}'.`);
  }
  checkMinSteps(plan, options.minSteps);
  if (align === undefined) return;
  if (!(Number.isFinite(align) && align > 0)) {
    throw new Error(`windows: align must be a positive number of ms, got ${align}.`);
  }
  // Origins lie at start + issueDelay + i · step; some i must meet a multiple of align.
  const { start, step } = plan.series;
  if (Number.isInteger(step) && Number.isInteger(align)) {
    const offset = start + plan.issueDelay - alignOffset;
    if (!isMultiple(offset, gcd(step, align))) {
      throw new Error(
        `windows: no origin falls on a multiple of ${duration(align)}: samples are ${duration(step)} apart and ` +
          `issued ${duration(plan.issueDelay)} after the last input. Change issueDelay, alignOffset or align.`,
      );
    }
  }
}

/** Checks the option `minSteps`, here and for a live window. */
export function checkMinSteps(plan: WindowPlan, minSteps: number | undefined): void {
  const { steps } = plan.spec;
  if (minSteps === undefined) return;
  if (!(Number.isInteger(minSteps) && minSteps >= 1 && minSteps <= steps)) {
    throw new Error(`windows: minSteps must be a whole number from 1 to steps (${steps}), got ${minSteps}.`);
  }
}

function isMultiple(time: number, of: number): boolean {
  return time % of === 0;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
