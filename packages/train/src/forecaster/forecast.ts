// From a series, or many windows, to forecasts in the unit of the series.

import type {
  Forecast,
  ForecastFunction,
  LiveWindow,
  NdArray,
  Samples,
  Series,
  WindowSamples,
} from '@tidecast/data';
import { scaleSamples, windowAt } from '@tidecast/data';
import { type Distributions, point } from '@tidecast/eval';
import { sameShape } from '../check.ts';
import { type PredictOptions, predict } from '../fit/evaluate.ts';
import { createLoss } from '../losses/losses.ts';
import { checkSameWindows, type Forecaster } from './forecaster.ts';
import { checkLevels } from './levels.ts';

/** What to forecast. */
export interface ForecastOptions {
  /** Quantile levels, increasing between 0 and 1; default: those of the forecaster. */
  levels?: readonly number[];
}

/**
 * The forecast of `forecaster` issued at `origin` [ms], from what `history` holds up to then.
 * @throws if the series has another step or other channels, the window at `origin` cannot be made (see `windowAt`), or
 * levels are asked for that the forecaster does not have.
 */
export async function forecast(
  forecaster: Forecaster,
  history: Series,
  origin: number,
  options: ForecastOptions = {},
): Promise<Forecast> {
  const { firstTime, distributions } = await distributionsAt(forecaster, history, origin);
  return forecastsFrom(forecaster, distributions, [{ origin, firstTime }], options)[0]!;
}

/** A forecaster as the function that a backtest scores. */
export function asForecastFunction(forecaster: Forecaster, options: ForecastOptions = {}): ForecastFunction {
  return (history, origin) => forecast(forecaster, history, origin, options);
}

/**
 * The forecasts at the origins of many windows, run in batches: the quick way to forecast a whole test period.
 * @throws if the windows are of another specification than those it was trained on.
 */
export async function forecastMany(
  forecaster: Forecaster,
  samples: WindowSamples,
  options: PredictOptions & ForecastOptions = {},
): Promise<Forecast[]> {
  const distributions = await distributionsOf(forecaster, samples, options);
  return forecastsFrom(forecaster, distributions, timesOf(forecaster, samples), options);
}

/**
 * What the forecaster says about every target of many windows, in the unit of the series: one distribution for each value,
 * row-major `[windows, horizon, K]`. For scores such as the CRPS, for ensembles and for calibration. Point forecasters
 * give points.
 * @throws if the windows are of another specification than those it was trained on.
 */
export async function distributionsOf(
  forecaster: Forecaster,
  samples: WindowSamples,
  options: PredictOptions = {},
): Promise<Distributions> {
  checkSameWindows('forecaster: windows', forecaster, samples);
  const { count } = samples;
  if (count === 0) return point([]);
  const reference = samples.reference(Uint32Array.from({ length: count }, (_, i) => i));
  return run(forecaster, samples, reference, options);
}

/**
 * What the forecaster says at `origin` [ms] about the time from `firstTime` [ms] on: one distribution for each value,
 * row-major `[horizon, K]`, in the unit of the series.
 * @throws as {@link forecast} does.
 */
export async function distributionsAt(
  forecaster: Forecaster,
  history: Series,
  origin: number,
): Promise<{ firstTime: number; distributions: Distributions }> {
  checkSeries(forecaster, history);
  const { spec, live } = forecaster;
  const window = windowAt(history, { ...spec, ...live }, origin);
  const distributions = await run(forecaster, oneWindow(window), window.reference, {});
  return { firstTime: window.firstTime, distributions };
}

/** When forecasts are made [ms], and the first time they are about. */
export type ForecastTimes = Pick<Forecast, 'origin' | 'firstTime'>;

/** The times of the forecasts from many windows. */
export function timesOf({ spec, step }: Forecaster, { origins }: WindowSamples): ForecastTimes[] {
  return Array.from(origins, (origin) => ({
    origin,
    firstTime: origin - (spec.issueDelay ?? 0) + step,
  }));
}

/** Forecasts at `times` from their distributions `[times, horizon, K]`. */
export function forecastsFrom(
  forecaster: Pick<Forecaster, 'step' | 'targetChannels' | 'levels' | 'loss'>,
  distributions: Distributions,
  times: readonly ForecastTimes[],
  { levels: wanted }: ForecastOptions,
): Forecast[] {
  const { step, targetChannels, loss } = forecaster;
  const kind = loss ? createLoss(loss) : {};
  const levels = wanted ? checkLevels('forecast: levels', wanted, kind) : forecaster.levels;
  const size = distributions.count / times.length;
  const quantiles = levels.map((level) => distributions.quantile(level));
  const means = loss && distributions.mean();
  return times.map((time, i) => {
    const values = new Float32Array(levels.length * size);
    quantiles.forEach((row, q) => {
      values.set(row.subarray(i * size, (i + 1) * size), q * size);
    });
    const mean = means && { mean: Float32Array.from(means.subarray(i * size, (i + 1) * size)) };
    return { ...time, step, channels: targetChannels, levels, values, ...mean };
  });
}

/** Scaled inputs through the model, and what its outputs mean, back in the units of the series, plus the reference. */
async function run(
  { name, model, scalers, loss }: Forecaster,
  samples: Samples,
  reference: NdArray,
  options: PredictOptions,
): Promise<Distributions> {
  const output = await predict(model, scaleSamples(samples, scalers), options);
  const head = loss && createLoss(loss).head;
  const wanted = [...reference.shape, ...(head ? [head.parameters] : [])];
  if (!sameShape(output.shape, wanted)) {
    throw new Error(
      `forecaster '${name}': its network must give [${wanted.join(', ')}], got [${output.shape.join(', ')}].`,
    );
  }
  const { offset, scale } = scalers.y;
  return (head ? head.distributions(output) : point(output.data)).affine(
    Float64Array.from(reference.data, (_, i) => scale[i % scale.length]!),
    Float64Array.from(reference.data, (value, i) => offset[i % offset.length]! + value),
  );
}

/** A window without targets as samples. */
function oneWindow({ x, mask, reference }: LiveWindow): Samples {
  return {
    count: 1,
    xShape: x.shape.slice(1),
    yShape: reference.shape.slice(1),
    batch: () => ({
      x,
      y: { data: new Float32Array(reference.data.length), shape: reference.shape },
      ...(mask && { mask }),
    }),
  };
}

function checkSeries({ name, step, inputChannels, targetChannels }: Forecaster, series: Series): void {
  if (series.step !== step) {
    throw new Error(
      `forecaster '${name}': the series must have a sample every ${step} ms, got one every ${series.step} ms. ` +
        'Resample it.',
    );
  }
  for (const { name: wanted, unit } of [...inputChannels, ...targetChannels]) {
    const channel = series.channels.find((each) => each.name === wanted);
    if (!channel) {
      const names = series.channels.map((each) => each.name).join(', ');
      throw new Error(`forecaster '${name}': the series must have a channel '${wanted}', got ${names}.`);
    }
    if (channel.unit !== unit) {
      throw new Error(
        `forecaster '${name}': channel '${wanted}' must be in ${unit}, got ${channel.unit}. Convert it first.`,
      );
    }
  }
}
