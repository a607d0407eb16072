// What each latitude's forecasters may look at, as one series every 2 hours.

import {
  calendarFeatures,
  channelIndex,
  createSeries,
  DAY,
  HOUR,
  joinChannels,
  lengthOf,
  renameChannel,
  resample,
  type Series,
  seasonalMean,
  selectChannels,
  type WindowSpec,
} from '@tidecast/data';

/** Time between the study's samples [ms]: 2 h. */
export const STUDY_STEP = 2 * HOUR;
/** Samples of a day: as many go in, and as many come out. */
export const STUDY_STEPS = DAY / STUDY_STEP;

/**
 * Half-life [days] of the weighted mean that networks learn the deviation from.
 * Chosen on 2015–2016 alone: the best of 0.5, 1, 1.5, 2, 3, 4 by RMSE over the three latitudes.
 */
const HALF_LIFE = 1.5;

/** Calendar channels, sine and cosine of each. */
const CALENDAR = ['year', 'halfYear', 'day'] as const;

/** All channels for one latitude: TEC, Kp, F10.7, means of the hour of earlier days, deviations from one, and the calendar. */
export function studySeries(hourly: Series, target: string): Series {
  const tec = renameChannel(
    resample(selectChannels(hourly, [target]), { step: STUDY_STEP, method: 'nearest' }),
    target,
    'tec',
  );
  const kp = resample(selectChannels(hourly, ['kp']), { step: STUDY_STEP, method: 'containing' });
  const f107 = resample(selectChannels(hourly, ['f107']), { step: STUDY_STEP, method: 'containing' });
  const known = resample(selectChannels(hourly, ['kp', 'f107']), { step: STUDY_STEP, method: 'last-known' });
  const expected = seasonalMean(tec, 'tec', {
    period: DAY,
    count: 27,
    halfLife: HALF_LIFE,
    name: 'expected',
  });
  return joinChannels(
    tec,
    kp,
    f107,
    renameChannel(renameChannel(known, 'kp', 'kpKnown'), 'f107', 'f107Known'),
    seasonalMean(tec, 'tec', { period: DAY, count: 27, name: 'mean27' }),
    expected,
    deviationOf(joinChannels(tec, expected)),
    calendarFeatures(tec, CALENDAR),
  );
}

/** How far TEC was from what was expected, |tec − expected|: large in storms, and known once TEC is. */
function deviationOf(series: Series): Series {
  const size = series.channels.length;
  const [tec, expected] = [channelIndex(series, 'tec'), channelIndex(series, 'expected')];
  return createSeries({
    start: series.start,
    step: series.step,
    shape: [1],
    channels: [{ ...series.channels[tec]!, name: 'deviation' }],
    values: Float32Array.from({ length: lengthOf(series) }, (_, i) =>
      Math.abs(series.values[i * size + tec]! - series.values[i * size + expected]!),
    ),
  });
}

/** Names of the calendar channels of `series`. */
function calendarNames(series: Series, kinds: readonly string[]): string[] {
  return series.channels
    .map(({ name }) => name)
    .filter((name) => kinds.some((kind) => name === `${kind}Sin` || name === `${kind}Cos`));
}

/** The ridge's inputs: the day's TEC and Kp, the 27-day mean of each target hour, season and F10.7. Issued at midnight. */
export function ridgeSpec(series: Series): WindowSpec {
  return {
    steps: STUDY_STEPS,
    horizon: STUDY_STEPS,
    inputs: ['tec', 'kp'],
    future: ['mean27'],
    static: ['f107', ...calendarNames(series, ['year', 'halfYear'])],
    targets: ['tec'],
    issueDelay: STUDY_STEP,
  };
}

/** What the size of the errors is forecast from: yesterday's deviations and Kp, season and F10.7. Issued at midnight. */
export function spreadSpec(series: Series): WindowSpec {
  return {
    steps: STUDY_STEPS,
    horizon: STUDY_STEPS,
    inputs: ['deviation', 'kp'],
    static: ['f107', ...calendarNames(series, ['year', 'halfYear'])],
    targets: ['deviation'],
    issueDelay: STUDY_STEP,
  };
}

/** The networks' inputs. Kp and F10.7 enter as last known, so that origins at every hour can train. */
export function networkSpec(series: Series): WindowSpec {
  return {
    steps: STUDY_STEPS,
    horizon: STUDY_STEPS,
    inputs: ['tec', 'kpKnown'],
    future: ['expected', 'mean27', ...calendarNames(series, ['year', 'halfYear', 'day'])],
    static: ['f107Known'],
    targets: ['tec'],
    relativeTo: { tec: 'expected' },
    issueDelay: STUDY_STEP,
  };
}
