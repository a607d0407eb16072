// Conformal bands for series that drift: the level of every band follows how often it missed lately.

import {
  availableAt,
  channelIndex,
  type Forecast,
  type ForecastFunction,
  HistoryError,
  type Series,
  sampleSize,
} from '@tidecast/data';
import type { BacktestResult } from '../backtest.ts';
import { describeTime } from '../point-forecast.ts';
import { type AdaptiveLevel, adaptiveSteps, createAdaptiveLevel } from './adaptive-level.ts';
import { fewestScores, quantileOfSorted } from './conformal-quantile.ts';
import {
  bandValues,
  type ConformalOptions,
  type Conformity,
  createConformity,
  groupOf,
  scoreOf,
} from './conformity.ts';
import { createReplay } from './past-forecasts.ts';

/** How {@link adaptiveConformal} learns. */
export interface AdaptiveConformalOptions extends ConformalOptions {
  /** Time between the origins it learns from [ms], for example `DAY`. */
  every: number;
  /** Step γ, or several to average over; default {@link adaptiveSteps}. See {@link AdaptiveLevelOptions}. */
  gamma?: number | readonly number[];
  /**
   * A backtest to begin with, over days that the forecast has not learned from: its scores stand at the start. The forecast
   * is asked again only for origins after it.
   */
  calibration?: BacktestResult;
  /** No origin before this [ms] is learned from, for example the end of training; default: all of the history. */
  since?: number;
  /** How many scores of each group are remembered, the newest, at least as many as the widest band needs; default all. */
  memory?: number;
}

/**
 * `forecast` with bands whose levels adapt (see {@link createAdaptiveLevel}), at the `levels` of the options in place of its
 * own; its median stays as it is. At every origin it asks `forecast` what it would have said at earlier origins, and learns
 * from what was observed of that by then: a step 24 h ahead teaches only once these 24 h are over. What it gives depends on
 * the history alone, in whatever order it is asked; asked in order, it goes on from the last time.
 *
 * A level may ask for more than all scores so far: then the band is as wide as the largest of them.
 * @throws HistoryError from the forecast while there are fewer scores than the widest band needs.
 */
export function adaptiveConformal(
  forecast: ForecastFunction,
  options: AdaptiveConformalOptions,
): ForecastFunction {
  const { every, calibration, since, memory = Number.POSITIVE_INFINITY } = options;
  if (!(Number.isFinite(every) && every > 0)) {
    throw new Error(`adaptiveConformal: every must be a positive time in ms, got ${every}.`);
  }
  if (!(memory >= 1 && (Number.isInteger(memory) || memory === Number.POSITIVE_INFINITY))) {
    throw new Error(`adaptiveConformal: memory must be a whole number, at least 1, got ${memory}.`);
  }
  const last = calibration?.origins.at(-1) ?? Number.NEGATIVE_INFINITY;
  const calibrated = calibration ? lastKnown(calibration) : Number.NEGATIVE_INFINITY;
  const create = () => createCalibrator(options);
  create();
  const replay = createReplay(forecast, {
    every,
    create,
    // Origins after the calibration, and not before anything is known.
    since: (history) => Math.max(last, (since ?? Number.NEGATIVE_INFINITY) - 1, history.start - 1),
  });
  let turn: Promise<unknown> = Promise.resolve();
  return (history, origin) => {
    const answer = turn.then(async () => {
      if (origin < calibrated) {
        throw new Error(
          `adaptiveConformal: origins must not lie before ${describeTime(calibrated)}, when all that the calibration ` +
            `observed was known, got ${describeTime(origin)}.`,
        );
      }
      const { learner, answer } = await replay(history, origin);
      return learner.calibrate(answer, history);
    });
    // One at a time, so that calls side by side do not take each other's place in the replay.
    turn = answer.catch(() => {});
    return answer;
  };
}

/** When the last observation of a backtest was known [ms]. */
function lastKnown({ targets, firstTimes, horizon, step }: BacktestResult): number {
  const time = Math.max(...firstTimes) + (horizon - 1) * step;
  return Math.max(...targets.map((channel) => availableAt(channel, time)));
}

/** Scores of one target and group, and the levels of its bands. */
interface Group {
  /** In the order they became known, one list for each kind of score. */
  scores: number[][];
  /** Of the lower and the upper end of each band; the same where tails are calibrated together. */
  levels: { lower: AdaptiveLevel; upper: AdaptiveLevel }[];
}

/** A forecast value whose observation is not known yet. */
interface Pending {
  group: Group;
  values: Float32Array;
  /** Position of its median's channel in the history, and of its quantiles in `values`. */
  column: number;
  at: number;
  stride: number;
  time: number;
  known: number;
  /** How many scores there were when it was issued. */
  count: number;
}

function createCalibrator(options: AdaptiveConformalOptions) {
  const { calibration, gamma = adaptiveSteps, memory = Number.POSITIVE_INFINITY } = options;
  let conformity: Conformity | undefined;
  const groups = new Map<string, Group>();
  let pending: Pending[] = [];

  /** What the forecasts so far were made of; they must all have the same levels. */
  const conformityOf = (levels: readonly number[]) => {
    if (!conformity) {
      conformity = createConformity('adaptiveConformal', levels, options);
      const fewest = fewestScores(1 - conformity.bands.at(-1)!.alpha);
      if (memory < fewest) {
        throw new Error(
          `adaptiveConformal: memory must be at least ${fewest} scores, as the widest band needs, got ${memory}.`,
        );
      }
    }
    if (conformity.base.join() === levels.join()) return conformity;
    throw new Error(
      `adaptiveConformal: expected forecasts at the levels ${conformity.base.join(', ')}, as before, got ${levels.join(', ')}.`,
    );
  };
  const groupAt = (target: string, group: number): Group => {
    const key = `${target} ${group}`;
    const found = groups.get(key);
    if (found) return found;
    const { kinds, bands, tails } = conformity!;
    const made: Group = {
      scores: kinds.map(() => []),
      levels: bands.map(({ alpha }) => {
        const lower = createAdaptiveLevel({ alpha, gamma });
        return { lower, upper: tails === 'together' ? lower : createAdaptiveLevel({ alpha, gamma }) };
      }),
    };
    groups.set(key, made);
    return made;
  };
  const learnScore = (group: Group, scores: number[], count: number) => {
    if (scores.some(Number.isNaN)) return;
    const { bands, tails, kinds } = conformity!;
    const begin = Math.max(0, count - memory);
    // While there are no scores a band has no level to learn.
    if (count > begin) {
      const coveredUpTo = kinds.map((_, s) => {
        let smaller = 0;
        for (let i = begin; i < count; i++) if (group.scores[s]![i]! < scores[s]!) smaller++;
        return 1 - smaller / (count - begin + 1);
      });
      for (const [b, { lowerKind, upperKind }] of bands.entries()) {
        const { lower, upper } = group.levels[b]!;
        lower.update(coveredUpTo[lowerKind]!);
        if (tails === 'apart') upper.update(coveredUpTo[upperKind]!);
      }
    }
    for (const [s, score] of scores.entries()) group.scores[s]!.push(score);
  };
  /** Learns from everything that is known at `origin`. */
  const absorb = (history: Series, origin: number) => {
    const size = sampleSize(history);
    const due = pending.filter(({ known }) => known <= origin).sort((a, b) => a.time - b.time);
    pending = pending.filter(({ known }) => known > origin);
    for (const { group, values, column, at, stride, time, count } of due) {
      const index = (time - history.start) / history.step;
      const y = history.values[index * size + column] ?? Number.NaN;
      const scores = conformity!.kinds.map((kind) => scoreOf(conformity!, kind, y, values, at, stride));
      learnScore(group, scores, count);
    }
  };
  const remember = (answer: Forecast, history: Series) => {
    const K = answer.channels.length;
    const stride = answer.values.length / answer.levels.length;
    for (let i = 0; i < stride; i++) {
      const channel = answer.channels[i % K]!;
      const h = Math.floor(i / K);
      const time = answer.firstTime + h * answer.step;
      const group = groupAt(channel.name, groupOf(conformity!, time, h));
      const column = channelIndex(history, channel.name);
      const count = group.scores[0]!.length;
      const known = availableAt(channel, time);
      pending.push({ group, values: answer.values, column, at: i, stride, time, known, count });
    }
  };
  if (calibration) {
    const { levels, targets, horizon, step, firstTimes, quantiles, observed } = calibration;
    conformityOf(levels);
    for (let i = 0; i < observed.length; i++) {
      const pair = Math.floor(i / targets.length);
      const h = pair % horizon;
      const time = firstTimes[Math.floor(pair / horizon)]! + h * step;
      const group = groupAt(targets[i % targets.length]!.name, groupOf(conformity!, time, h));
      const scores = conformity!.kinds.map((kind) =>
        scoreOf(conformity!, kind, observed[i]!, quantiles, i * levels.length, 1),
      );
      learnScore(group, scores, group.scores[0]!.length);
    }
  }
  return {
    learn(answer: Forecast, history: Series): void {
      conformityOf(answer.levels);
      absorb(history, answer.origin);
      remember(answer, history);
    },
    /** Puts the bands around a forecast, from all that is known in `history`. */
    calibrate(answer: Forecast, history: Series): Forecast {
      const conformity = conformityOf(answer.levels);
      absorb(history, answer.origin);
      const K = answer.channels.length;
      const width = answer.values.length / answer.levels.length;
      const values = new Float32Array(width * conformity.levels.length);
      for (let i = 0; i < width; i++) {
        const h = Math.floor(i / K);
        const { name } = answer.channels[i % K]!;
        const group = groupAt(name, groupOf(conformity, answer.firstTime + h * answer.step, h));
        const found = thresholdsOf(conformity, group, memory, `${name} from ${describeTime(answer.origin)}`);
        for (const [q, value] of bandValues(conformity, found, answer.values, i, width).entries()) {
          values[q * width + i] = value;
        }
      }
      return { ...answer, levels: conformity.levels, values };
    },
  };
}

/** How far the ends of each band are moved or stretched at the levels of now. */
function thresholdsOf(
  { kinds, bands }: Conformity,
  { scores, levels }: Group,
  memory: number,
  what: string,
): { lower: number; upper: number }[] {
  const n = Math.min(memory, scores[0]!.length);
  const fewest = fewestScores(1 - bands.at(-1)!.alpha);
  if (n < fewest) {
    throw new HistoryError(
      `adaptiveConformal: the widest band needs ${fewest} earlier forecasts with observations of ${what}, got ${n}. ` +
        'Start later, give a calibration, or group by all.',
    );
  }
  const sorted = kinds.map((_, s) => Float64Array.from(scores[s]!.slice(-n)).sort());
  const threshold = (kind: number, level: number) => {
    const value = quantileOfSorted(sorted[kind]!, 1 - level);
    if (Number.isFinite(value)) return value;
    return value > 0 ? sorted[kind]![n - 1]! : sorted[kind]![0]!;
  };
  return bands.map(({ lowerKind, upperKind }, b) => ({
    lower: threshold(lowerKind, levels[b]!.lower.value),
    upper: threshold(upperKind, levels[b]!.upper.value),
  }));
}
