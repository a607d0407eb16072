// Scores of all methods on the test days: over everything, quiet and disturbed days, stations, bands, hours ahead.

import { DAY, lengthOf, type Series, timeAt } from '@tidecast/data';
import { type BacktestResult, scorePairs, skillScore } from '@tidecast/eval';
import type { Station } from '../input/stations.ts';
import type { DayKinds, Method, Score, Scores } from './result.ts';

/** The method that skill is measured by. */
export const SKILL_BASELINE = 'persistence';

/** Backtests by method, then station in the order of the stations. */
export type Backtests = Readonly<Record<string, readonly BacktestResult[]>>;

interface Cell {
  station: number;
  firstTime: number;
  step: number;
}

/** All scores of `methods`. Every method is scored on the same values: those that all have a forecast for. */
export function scoreRun(
  methods: readonly Method[],
  backtests: Backtests,
  stations: readonly Station[],
  kinds: DayKinds,
): Scores {
  const pairs = collectPairs(methods, backtests);
  const score = (where: (cell: Cell) => boolean) => scoreWhere(methods, pairs, where);
  const quiet = new Set(kinds.quiet);
  const disturbed = new Set(kinds.disturbed);
  const horizon = Object.values(backtests)[0]?.[0]?.horizon ?? 0;
  const bands = [...new Set(stations.map(({ latitude }) => bandOf(latitude)))].sort((a, b) => b - a);
  return {
    all: score(() => true),
    quiet: quiet.size > 0 ? score(({ firstTime }) => quiet.has(firstTime)) : [],
    disturbed: disturbed.size > 0 ? score(({ firstTime }) => disturbed.has(firstTime)) : [],
    stations: Object.fromEntries(
      stations.map(({ name }, i) => [name, score(({ station }) => station === i)]),
    ),
    bands: bands.map((band) => ({
      label: bandLabel(band),
      scores: score(({ station }) => bandOf(stations[station]!.latitude) === band),
    })),
    horizon: Array.from({ length: horizon }, (_, h) => ({
      step: h + 1,
      scores: score(({ step }) => step === h),
    })),
  };
}

/** Tells the scored days apart: disturbed where Kp reached 5 within the forecast's hours. */
export function dayKindsOf(firstTimes: readonly number[], span: number, kp: Series | undefined): DayKinds {
  if (!kp) return { rule: 'no index file was given, so days are not told apart', quiet: [], disturbed: [] };
  const interval = kp.channels[0]!.interval ?? kp.step;
  const disturbed = firstTimes.filter((first) => {
    for (let i = 0; i < lengthOf(kp); i++) {
      const time = timeAt(kp, i);
      // A float32 third is not exact, hence the margin.
      if (time + interval > first && time < first + span && kp.values[i]! >= 5 - 1e-6) return true;
    }
    return false;
  });
  const set = new Set(disturbed);
  return {
    rule: 'disturbed: Kp reached 5 within the hours that are forecast; quiet: it did not',
    quiet: firstTimes.filter((first) => !set.has(first)),
    disturbed,
  };
}

interface Pairs {
  cells: Cell[];
  observed: number[];
  forecast: number[][];
}

function collectPairs(methods: readonly Method[], backtests: Backtests): Pairs {
  const pairs: Pairs = { cells: [], observed: [], forecast: methods.map(() => []) };
  const first = backtests[methods[0]!.name]!;
  for (const [station, result] of first.entries()) {
    const rows = methods.map(({ name }) => {
      const { origins } = backtests[name]![station]!;
      return new Map(origins.map((origin, row) => [origin, row]));
    });
    for (const [row, origin] of result.origins.entries()) {
      for (let step = 0; step < result.horizon; step++) {
        const observed = result.observed[row * result.horizon + step]!;
        const values = methods.map(({ name }, m) => {
          const other = rows[m]!.get(origin);
          return other === undefined
            ? Number.NaN
            : backtests[name]![station]!.forecast[other * result.horizon + step]!;
        });
        if (Number.isNaN(observed) || values.some(Number.isNaN)) continue;
        pairs.cells.push({ station, firstTime: result.firstTimes[row]!, step });
        pairs.observed.push(observed);
        for (const [m, value] of values.entries()) pairs.forecast[m]!.push(value);
      }
    }
  }
  return pairs;
}

function scoreWhere(methods: readonly Method[], pairs: Pairs, where: (cell: Cell) => boolean): Score[] {
  const chosen = pairs.cells.flatMap((cell, i) => (where(cell) ? [i] : []));
  const observed = chosen.map((i) => pairs.observed[i]!);
  const scores = methods.map((_, m) =>
    scorePairs(
      chosen.map((i) => pairs.forecast[m]![i]!),
      observed,
    ),
  );
  const base = methods.findIndex(({ name }) => name === SKILL_BASELINE);
  return methods.map(({ name }, m) => {
    const { n, rmse, mae, bias } = scores[m]!;
    return {
      method: name,
      count: n,
      rmse,
      mae,
      bias,
      skill: base < 0 ? Number.NaN : skillScore(rmse, scores[base]!.rmse),
    };
  });
}

/** 2 high north, 1 middle north, 0 low, −1 middle south, −2 high south. */
function bandOf(latitude: number): number {
  const size = Math.abs(latitude) > 60 ? 2 : Math.abs(latitude) > 30 ? 1 : 0;
  return size * Math.sign(latitude);
}

function bandLabel(band: number): string {
  if (band === 0) return 'low latitudes (to 30°)';
  return `${Math.abs(band) === 2 ? 'high latitudes (over 60°)' : 'middle latitudes (30–60°)'} ${band > 0 ? 'north' : 'south'}`;
}

/** First target times of the origins that a backtest asks for. */
export function testOrigins(
  last: number,
  testFrom: number,
  horizon: number,
  step: number,
): { from: number; to: number } {
  return { from: testFrom - step, to: last - horizon * step + 1 };
}

/** A day in ms, the time between scored origins. */
export const BETWEEN_ORIGINS = DAY;
