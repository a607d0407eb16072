// What a window looks like, worked out once for a series: which channel stands in which column, and at what shift.
// Training windows and the input of a live forecast are both written by `writeInput`, so they cannot differ.

import { duration, instant } from '../series/text.ts';
import { availableAt, type Channel, channelIndex, lengthOf, type Series, timeAt } from '../series.ts';

/** Which past goes in, which future comes out, and when a forecast is issued. Plain JSON. */
export interface WindowSpec {
  /** Input samples. The last one is at time L. */
  steps: number;
  /** Target samples. The first one is at L + step. */
  horizon: number;
  /** Channels whose last `steps` values go in. */
  inputs: string[];
  /** Channels to forecast. */
  targets: string[];
  /** Channels known ahead over the whole horizon; they go in shifted (see {@link InputChannel}). */
  future?: string[];
  /** Channels of which one value goes in, repeated over the steps: the last one known at the origin, at or before L. */
  static?: string[];
  /** Per target: a channel known over the whole horizon that is subtracted from it. */
  relativeTo?: Record<string, string>;
  /** Time from L to the origin, the moment the forecast is issued [ms]; 0 to one step, default 0. */
  issueDelay?: number;
}

/** One column of the input: row t holds the channel at `time(t) + shift · step`. */
export interface InputChannel {
  name: string;
  role: 'past' | 'future' | 'static';
  /**
   * In steps; 0 for past and static columns. A future channel takes K = ceil(horizon / steps) columns with the
   * shifts horizon − k · steps, k = K − 1 … 0, which together cover the horizon.
   */
  shift: number;
  unit: string;
}

/** A specification resolved against a series. */
export interface WindowPlan {
  series: Series;
  spec: WindowSpec;
  issueDelay: number;
  inputChannels: InputChannel[];
  targetChannels: Channel[];
  /** Per column: position of the channel in the series, and shift in steps. */
  columns: { channel: number; shift: number; fixed: boolean }[];
  /** Per target: position of the channel, and of the one subtracted from it (−1: none). */
  targets: { channel: number; relative: number }[];
  /** What the gate must look at: the latest use of each channel, in steps after L. */
  uses: { channel: Channel; ahead: number; role: string }[];
}

/** Resolves `spec` against `series`. @throws if a channel is absent or the specification makes no sense. */
export function planWindows(series: Series, spec: WindowSpec): WindowPlan {
  if (series.grid) {
    throw new Error('windows: expected a series of channels, got maps. Take stations out of them first.');
  }
  checkSpec(series, spec);
  const { steps, horizon } = spec;
  const plan: WindowPlan = {
    series,
    spec,
    issueDelay: spec.issueDelay ?? 0,
    inputChannels: [],
    targetChannels: [],
    columns: [],
    targets: [],
    uses: [],
  };
  const add = (name: string, role: InputChannel['role'], shift: number) => {
    const channel = channelIndex(series, name);
    plan.columns.push({ channel, shift, fixed: role === 'static' });
    plan.inputChannels.push({ name, role, shift, unit: series.channels[channel]!.unit });
  };
  for (const name of spec.inputs) {
    add(name, 'past', 0);
    plan.uses.push({ channel: series.channels[channelIndex(series, name)]!, ahead: 0, role: 'input' });
  }
  for (const name of spec.future ?? []) {
    for (let k = Math.ceil(horizon / steps) - 1; k >= 0; k--) add(name, 'future', horizon - k * steps);
    const channel = series.channels[channelIndex(series, name)]!;
    plan.uses.push({ channel, ahead: horizon, role: 'future input' });
  }
  for (const name of spec.static ?? []) add(name, 'static', 0);
  for (const name of spec.targets) {
    const channel = channelIndex(series, name);
    const target = series.channels[channel]!;
    const relativeName = ownValue(spec.relativeTo, name);
    const relative = relativeName === undefined ? -1 : channelIndex(series, relativeName);
    if (relative >= 0) {
      const other = series.channels[relative]!;
      if (other.unit !== target.unit) {
        throw new Error(
          `windows: target '${name}' is in ${target.unit}, but relativeTo '${other.name}' is in ${other.unit}. ` +
            'Only a channel of the same unit can be subtracted.',
        );
      }
      plan.uses.push({ channel: other, ahead: horizon, role: 'relativeTo' });
    }
    plan.targets.push({ channel, relative });
    plan.targetChannels.push(target);
  }
  return plan;
}

/**
 * The gate: refuses a window that would hold a value known only after its origin.
 * `availableAt` never falls with time, so the latest use of each channel decides.
 */
export function checkGate(plan: WindowPlan, last: number): void {
  const { series } = plan;
  const origin = timeAt(series, last) + plan.issueDelay;
  for (const { channel, ahead, role } of plan.uses) {
    const time = timeAt(series, last + ahead);
    const known = availableAt(channel, time);
    if (known > origin) {
      const fix =
        ahead > 0
          ? `Only what is known for the whole horizon may stand there (known 'always', or a latency of at most −${duration(ahead * series.step)}).`
          : `Resample it by 'last-known', or choose origins at which it is known (align), or raise issueDelay ` +
            `(now ${duration(plan.issueDelay)}, at most one step of ${duration(series.step)}).`;
      throw new Error(
        `windows: ${role} '${channel.name}' is known too late: its value at ${instant(time)} is known at ` +
          `${instant(known)}, ${duration(known - origin)} after the origin ${instant(origin)}. ${fix}`,
      );
    }
  }
}

/** The sample of a static column for the window that ends at `last`: the latest one at or before L known at the origin. */
export function staticIndex(plan: WindowPlan, column: number, last: number): number {
  const { series } = plan;
  const channel = series.channels[plan.columns[column]!.channel]!;
  const origin = timeAt(series, last) + plan.issueDelay;
  if (availableAt(channel, timeAt(series, last)) <= origin) return last;
  // Start from a bound that cannot be too early, then step back past the samples not known yet.
  const lateness = channel.latency ?? 0;
  let index = Math.min(last, Math.ceil((origin - lateness - series.start) / series.step));
  while (index >= 0 && availableAt(channel, timeAt(series, index)) > origin) index--;
  return index;
}

/**
 * Writes the input `[steps, columns]` of the window that ends at sample `last` to `x` from `at`, and its mask
 * `[steps]` to `mask` from `maskAt`. A step with any missing value, or before the series, is 0 with mask 0.
 * Returns how many steps are real, and how many are missing before the first real one.
 */
export function writeInput(
  plan: WindowPlan,
  last: number,
  out: { x: Float32Array; at: number; mask: Float32Array; maskAt: number },
): { real: number; leading: number } {
  const { series, columns } = plan;
  const { steps } = plan.spec;
  const { values } = series;
  const { x, mask } = out;
  const size = series.channels.length;
  const length = lengthOf(series);
  const fixed = columns.map((column, c) => (column.fixed ? staticIndex(plan, c, last) : 0));
  let real = 0;
  let leading = 0;
  for (let row = 0; row < steps; row++) {
    const index = last - steps + 1 + row;
    const begin = out.at + row * columns.length;
    let whole = index >= 0;
    for (let c = 0; c < columns.length && whole; c++) {
      const column = columns[c]!;
      const source = column.fixed ? fixed[c]! : index + column.shift;
      const value = source >= 0 && source < length ? values[source * size + column.channel]! : Number.NaN;
      if (Number.isFinite(value)) x[begin + c] = value;
      else whole = false;
    }
    if (whole) real++;
    else {
      x.fill(0, begin, begin + columns.length);
      if (real === 0) leading++;
    }
    mask[out.maskAt + row] = whole ? 1 : 0;
  }
  return { real, leading };
}

/**
 * Writes the targets `[horizon, K]` less their reference, and their weights (1, or 0 with target 0 where missing).
 * Returns how many are there.
 */
export function writeTarget(
  plan: WindowPlan,
  last: number,
  out: { y: Float32Array; weight: Float32Array; at: number },
): number {
  const { series, targets } = plan;
  const { values } = series;
  const size = series.channels.length;
  const length = lengthOf(series);
  let at = out.at;
  let real = 0;
  for (let h = 1; h <= plan.spec.horizon; h++) {
    const row = (last + h) * size;
    for (const { channel, relative } of targets) {
      let value = last + h < length ? values[row + channel]! : Number.NaN;
      if (relative >= 0) value -= values[row + relative]!;
      const there = Number.isFinite(value);
      if (there) real++;
      out.y[at] = there ? value : 0;
      out.weight[at++] = there ? 1 : 0;
    }
  }
  return real;
}

/** Writes what was subtracted from the targets, `[horizon, K]`: 0 where nothing is, NaN where it is missing. */
export function writeReference(plan: WindowPlan, last: number, out: Float32Array, at: number): void {
  const { series } = plan;
  const size = series.channels.length;
  const length = lengthOf(series);
  let position = at;
  for (let h = 1; h <= plan.spec.horizon; h++) {
    for (const { relative } of plan.targets) {
      if (relative < 0) out[position++] = 0;
      else out[position++] = last + h < length ? series.values[(last + h) * size + relative]! : Number.NaN;
    }
  }
}

function checkSpec(series: Series, spec: WindowSpec): void {
  for (const name of ['steps', 'horizon'] as const) {
    if (!Number.isInteger(spec[name]) || spec[name] < 1) {
      throw new Error(`windows: ${name} must be a whole number of at least 1, got ${spec[name]}.`);
    }
  }
  const delay = spec.issueDelay ?? 0;
  if (!(delay >= 0 && delay <= series.step)) {
    throw new Error(
      `windows: issueDelay must be between 0 and one step (${duration(series.step)}), got ${delay} ms.`,
    );
  }
  const { inputs, targets, future = [], static: fixed = [] } = spec;
  if (targets.length === 0) throw new Error('windows: expected at least one target, got none.');
  if (inputs.length + future.length + fixed.length === 0) {
    throw new Error('windows: expected at least one input channel, got none.');
  }
  for (const [role, names] of Object.entries({ inputs, targets, future, static: fixed })) {
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`windows: ${role} names '${twice}' twice. Name it once.`);
  }
  for (const name of Object.keys(spec.relativeTo ?? {})) {
    if (!targets.includes(name)) {
      throw new Error(
        `windows: relativeTo names '${name}', which is not among the targets ${targets.join(', ')}.`,
      );
    }
  }
}

function ownValue(record: Record<string, string> | undefined, name: string): string | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}
