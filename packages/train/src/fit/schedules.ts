// Learning rates as data. A schedule is a pure function of where the run stands, so nothing of it is saved:
// even the plateau rule replays the validation losses it is given.

import { checkNumber, lookUp } from '../check.ts';

/** A schedule as plain data. All but `warmup` hold for whole epochs, except `cosine`, which moves every step. */
export type ScheduleConfig =
  /** η. */
  | { type: 'constant' }
  /** η·factor^⌊epoch / every⌋. */
  | { type: 'step'; every: number; factor: number }
  /** η·factor^epoch. */
  | { type: 'exponential'; factor: number }
  /** η_min + (η − η_min)·(1 + cos(π·t)) / 2, t from 0 to 1 over `epochs` (default: those of the run). */
  | { type: 'cosine'; epochs?: number; minimum?: number }
  /** Rises linearly from η / steps over the first `steps` updates, times what `after` says (default constant). */
  | { type: 'warmup'; steps: number; after?: ScheduleConfig }
  /**
   * Times `factor` whenever the validation loss has not fallen by more than `minDelta` below its best for `patience`
   * epochs; never below `minimum`.
   */
  | { type: 'plateau'; factor: number; patience: number; minDelta?: number; minimum?: number };

/** Where a run stands. */
export interface ScheduleState {
  /** The optimiser's own rate η. */
  base: number;
  /** Updates done so far, over all epochs. */
  step: number;
  /** Whole epochs done so far. */
  epoch: number;
  stepsPerEpoch: number;
  /** Validation losses of the epochs done so far; empty without validation. */
  validationLosses: readonly number[];
}

type Kind = ScheduleConfig['type'];
type Of<K extends Kind> = Extract<ScheduleConfig, { type: K }>;

interface ScheduleRule<K extends Kind> {
  check(config: Of<K>): void;
  rate(config: Of<K>, state: ScheduleState): number;
}

/** Every schedule by the `type` of its config. */
export const schedules: Readonly<{ [K in Kind]: ScheduleRule<K> }> = {
  constant: { check() {}, rate: (_, { base }) => base },
  step: {
    check({ every, factor }) {
      checkNumber('schedule step: every', every, { min: 1, integer: true });
      checkNumber('schedule step: factor', factor, { above: 0 });
    },
    rate: ({ every, factor }, { base, epoch }) => base * factor ** Math.floor(epoch / every),
  },
  exponential: {
    check({ factor }) {
      checkNumber('schedule exponential: factor', factor, { above: 0 });
    },
    rate: ({ factor }, { base, epoch }) => base * factor ** epoch,
  },
  cosine: {
    check({ epochs, minimum }) {
      checkNumber('schedule cosine: epochs', epochs, { above: 0 });
      checkNumber('schedule cosine: minimum', minimum ?? 0, { min: 0 });
    },
    rate({ epochs, minimum = 0 }, { base, step, stepsPerEpoch }) {
      const t = Math.min(1, step / (epochs! * stepsPerEpoch));
      return minimum + ((base - minimum) * (1 + Math.cos(Math.PI * t))) / 2;
    },
  },
  warmup: {
    check({ steps, after }) {
      checkNumber('schedule warmup: steps', steps, { min: 1, integer: true });
      if (after) checkSchedule(after);
    },
    rate({ steps, after }, state) {
      return Math.min(1, (state.step + 1) / steps) * (after ? learningRateAt(after, state) : state.base);
    },
  },
  plateau: {
    check({ factor, patience, minDelta, minimum }) {
      checkNumber('schedule plateau: factor', factor, { above: 0, below: 1 });
      checkNumber('schedule plateau: patience', patience, { min: 1, integer: true });
      checkNumber('schedule plateau: minDelta', minDelta ?? 0, { min: 0 });
      checkNumber('schedule plateau: minimum', minimum ?? 0, { min: 0 });
    },
    rate({ factor, patience, minDelta = 0, minimum = 0 }, { base, validationLosses }) {
      let rate = base;
      let best = Number.POSITIVE_INFINITY;
      let waited = 0;
      for (const loss of validationLosses) {
        waited = loss < best - minDelta ? 0 : waited + 1;
        if (waited === 0) best = loss;
        if (waited >= patience) {
          rate = Math.max(rate * factor, Math.min(rate, minimum));
          waited = 0;
        }
      }
      return rate;
    },
  },
};

/** @throws if a schedule is unknown or a setting out of bounds. */
export function checkSchedule(config: ScheduleConfig): void {
  const rule = lookUp('schedule: type', schedules, config?.type) as ScheduleRule<Kind>;
  rule.check(config);
}

/** True where a schedule needs validation losses. */
export function needsValidation(config: ScheduleConfig): boolean {
  return (
    config.type === 'plateau' || (config.type === 'warmup' && !!config.after && needsValidation(config.after))
  );
}

/** The schedule with every default that depends on the run filled in. */
export function resolveSchedule(config: ScheduleConfig, epochs: number): ScheduleConfig {
  if (config.type === 'cosine') return { ...config, epochs: config.epochs ?? epochs };
  if (config.type === 'warmup' && config.after)
    return { ...config, after: resolveSchedule(config.after, epochs) };
  return config;
}

/** The learning rate of the next update. */
export function learningRateAt(config: ScheduleConfig, state: ScheduleState): number {
  return (schedules[config.type] as ScheduleRule<Kind>).rate(config, state);
}
