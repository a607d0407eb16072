// The input of one live forecast: the same window as in training, at an origin that has no targets yet.

import { HistoryError } from '../history-error.ts';
import type { NdArray } from '../samples.ts';
import { duration, instant } from '../series/text.ts';
import { lengthOf, type Series, timeAt } from '../series.ts';
import {
  checkGate,
  planWindows,
  staticIndex,
  type WindowPlan,
  type WindowSpec,
  writeInput,
  writeReference,
} from './plan.ts';
import { checkMinSteps, isInputKept, type WindowOptions } from './windows.ts';

/** One window without targets, as a batch of one. */
export interface LiveWindow {
  /** `[1, steps, inputChannels]`. */
  x: NdArray;
  /** `[1, steps]`, where a step is masked; absent: all real. */
  mask?: NdArray;
  /** `[1, horizon, K]`: add it to the network's output to get the forecast. NaN where missing under `'mask'`. */
  reference: NdArray;
  /** Time of the first target [ms]. */
  firstTime: number;
}

/**
 * The window issued at `origin`. `series` may end at the last input, but must hold its future channels over the horizon.
 * `options` say, as for {@link windows}, what to do about missing values: by default they are refused here.
 * @throws if `origin − issueDelay` falls between samples, or an input would be known too late; HistoryError if the series
 * does not reach to the last input, or values are missing.
 */
export function windowAt(series: Series, spec: WindowSpec & WindowOptions, origin: number): LiveWindow {
  const { stride: _, align: __, alignOffset: ___, missing = 'drop', minSteps, ...rest } = spec;
  const plan = planWindows(series, rest);
  checkMinSteps(plan, minSteps);
  const last = lastIndex(plan, origin);
  checkGate(plan, last);
  const { steps, horizon } = rest;
  const C = plan.columns.length;
  const K = plan.targets.length;
  const x = new Float32Array(steps * C);
  const mask = new Float32Array(steps);
  const input = writeInput(plan, last, { x, at: 0, mask, maskAt: 0 });
  if (!isInputKept(input, steps, missing, minSteps))
    throw new HistoryError(explainMissing(plan, last, origin, missing));
  const reference = new Float32Array(horizon * K);
  writeReference(plan, last, reference, 0);
  if (missing === 'drop') {
    const gap = reference.findIndex((value) => !Number.isFinite(value));
    if (gap >= 0) {
      const name = rest.relativeTo?.[plan.targetChannels[gap % K]!.name];
      const time = timeAt(series, last + 1 + Math.floor(gap / K));
      throw new HistoryError(
        `windowAt: relativeTo '${name}' is missing at ${instant(time)}. Fill it over the whole horizon.`,
      );
    }
  }
  return {
    x: { data: x, shape: [1, steps, C] },
    ...(input.real < steps && { mask: { data: mask, shape: [1, steps] } }),
    reference: { data: reference, shape: [1, horizon, K] },
    firstTime: timeAt(series, last + 1),
  };
}

function lastIndex(plan: WindowPlan, origin: number): number {
  const { series } = plan;
  const time = origin - plan.issueDelay;
  const last = Math.round((time - series.start) / series.step);
  if (!Number.isFinite(time) || timeAt(series, last) !== time) {
    throw new Error(
      `windowAt: origin must be ${duration(plan.issueDelay)} (issueDelay) after a sample of the series, got ` +
        `${instant(origin)}. Samples are ${duration(series.step)} apart from ${instant(series.start)}.`,
    );
  }
  if (last < 0 || last >= lengthOf(series)) {
    throw new HistoryError(
      `windowAt: the last input lies at ${instant(time)}, but the series covers ${instant(series.start)} to ` +
        `${instant(timeAt(series, lengthOf(series) - 1))}.`,
    );
  }
  return last;
}

/** Names the first missing value, from the end of the window: the nearest is the one to look for. */
function explainMissing(plan: WindowPlan, last: number, origin: number, missing: string): string {
  const { series, columns } = plan;
  const { steps } = plan.spec;
  const size = series.channels.length;
  for (let row = steps - 1; row >= 0; row--) {
    const index = last - steps + 1 + row;
    for (let c = 0; c < columns.length; c++) {
      const column = columns[c]!;
      const source = column.fixed ? staticIndex(plan, c, last) : index + column.shift;
      const there = index >= 0 && source >= 0 && source < lengthOf(series);
      if (there && Number.isFinite(series.values[source * size + column.channel]!)) continue;
      const { name, role } = plan.inputChannels[c]!;
      const what = role === 'past' ? 'input' : `${role} input`;
      return (
        `windowAt: ${what} '${name}' is missing at ${instant(timeAt(series, source))}, so there is no window for the ` +
        `origin ${instant(origin)}. ${missing === 'drop' ? "Fill the gap, or mask it (missing: 'mask')." : 'Too few steps are there.'}`
      );
    }
  }
  return `windowAt: too few input steps for the origin ${instant(origin)}.`;
}
