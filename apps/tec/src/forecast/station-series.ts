// What a forecaster may look at for one station, and the windows that all stations share.

import {
  type Channel,
  calendarFeatures,
  concatSamples,
  createSeries,
  DAY,
  endOf,
  joinChannels,
  lengthOf,
  renameChannel,
  type Series,
  type Split,
  seasonalMean,
  selectChannels,
  splitByTime,
  type WindowSpec,
  windows,
} from '@tidecast/data';
import { kpAsKnown } from '../input/read-inputs.ts';
import type { Station } from '../input/stations.ts';
import type { CheckedOptions } from './options.ts';

/** Half-life [periods] of the mean of earlier days that the networks learn the deviation from. */
const HALF_LIFE = 1.5;
const MEAN_DAYS = 27;

/** In words, for the report. */
export const REFERENCE =
  'the mean of the same hour of up to 27 days before, each 1.5 days back weighing half: networks learn the deviation from it';

/** One station: TEC, Kp as last known, the mean of earlier days, local time, latitude and, over a year or more, season, `horizon` steps ahead. */
export function stationSeries(
  tec: Series,
  kp: Series | undefined,
  station: Station,
  options: CheckedOptions,
): Series {
  const own = renameChannel(selectChannels(tec, [station.name]), station.name, 'tec');
  const period = Math.ceil((options.horizon * options.step) / DAY) * DAY;
  const parts = [
    own,
    seasonalMean(own, 'tec', {
      period,
      count: MEAN_DAYS,
      halfLife: HALF_LIFE,
      minCount: 1,
      name: 'expected',
    }),
    calendarFeatures(own, seasonKnown(own) ? ['day', 'year'] : ['day'], {
      extra: options.horizon,
      longitude: station.longitude,
    }),
    constant(own, options.horizon, 'latitude', Math.sin((station.latitude * Math.PI) / 180)),
  ];
  if (kp) parts.push(renameChannel(kpAsKnown(kp, tec), 'kp', 'kpKnown'));
  return joinChannels(...parts);
}

/** Whether the data span enough of the year to learn a season from; over less, the season is only a clock that overfits. */
function seasonKnown(series: Series): boolean {
  return endOf(series) - series.start >= 365 * DAY;
}

function constant(like: Series, extra: number, name: string, value: number): Series {
  const channel: Channel = { name, unit: '1', known: 'always' };
  const values = new Float32Array(lengthOf(like) + extra).fill(value);
  return createSeries({ start: like.start, step: like.step, shape: [1], channels: [channel], values });
}

/** The windows of every station: the same for networks and ridge. `station` is any one of {@link stationSeries}. */
export function windowSpec(options: CheckedOptions, station: Series): WindowSpec {
  const names = new Set(station.channels.map(({ name }) => name));
  const present = (wanted: string[]) => wanted.filter((name) => names.has(name));
  return {
    steps: options.steps,
    horizon: options.horizon,
    inputs: present(['tec', 'kpKnown']),
    future: present(['expected', 'daySin', 'dayCos', 'yearSin', 'yearCos']),
    static: ['latitude'],
    targets: ['tec'],
    relativeTo: { tec: 'expected' },
  };
}

/** Fewest windows, over all stations, worth training on. */
const MIN_WINDOWS = 50;

/** All stations' windows, split by time into training and validation before `testFrom`. */
export function splitStations(
  stations: readonly Series[],
  spec: WindowSpec,
  testFrom: number,
): Split & { validationFrom: number; dropped: number } {
  const samples = concatSamples(...stations.map((series) => windows(series, { ...spec })));
  const first = stations[0]!;
  const window = (spec.steps + spec.horizon) * first.step;
  const before = testFrom - first.start;
  const validation = Math.max(window, Math.min(14 * DAY, Math.round((0.15 * before) / DAY) * DAY));
  const validationFrom = testFrom - validation;
  const split = splitByTime(samples, { validationFrom, testFrom });
  if (split.train.count < MIN_WINDOWS || split.validation.count === 0) {
    const days = (before / DAY).toFixed(1);
    throw new Error(
      `forecast: too little data: the ${days} days before the test days leave ${split.train.count} windows to train on and ` +
        `${split.validation.count} to validate on. Give at least a week of maps without gaps.`,
    );
  }
  return { ...split, validationFrom, dropped: samples.dropped };
}
