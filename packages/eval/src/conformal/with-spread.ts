// Gives a point forecast a band that is wide where errors are large and narrow where they are small, for conformal
// methods to stretch. The spread is a forecast of its own: of a channel that says how large errors were.

import type { ForecastFunction } from '@tidecast/data';

/**
 * `forecast` with the levels 0.25, 0.5 and 0.75: its median m as it is, and m ± s, where s is the median that `spread`
 * forecasts for the same steps. Only how s compares between times matters to the method `'scaled'` of a conformal forecast,
 * so `spread` may be of anything that grows with the errors, for example a ridge regression of the absolute deviation from
 * a mean on geomagnetic activity. Below `atLeast` (default 0), s is `atLeast`.
 * @throws from the forecast if the two are not about the same steps and as many channels.
 */
export function withSpread(
  forecast: ForecastFunction,
  spread: ForecastFunction,
  { atLeast = 0 }: { atLeast?: number } = {},
): ForecastFunction {
  if (!(Number.isFinite(atLeast) && atLeast >= 0)) {
    throw new Error(`withSpread: atLeast must be 0 or more, got ${atLeast}.`);
  }
  return async (history, origin) => {
    const [answer, around] = [await forecast(history, origin), await spread(history, origin)];
    const width = answer.values.length / answer.levels.length;
    const at = answer.levels.indexOf(0.5);
    const spreadAt = around.levels.indexOf(0.5);
    if (
      at < 0 ||
      spreadAt < 0 ||
      answer.firstTime !== around.firstTime ||
      answer.step !== around.step ||
      width !== around.values.length / around.levels.length
    ) {
      throw new Error(
        `withSpread: the spread must be about the steps of the forecast, with a median each, got ` +
          `${around.values.length / around.levels.length} values every ${around.step} ms for ${width} every ${answer.step} ms.`,
      );
    }
    const values = new Float32Array(3 * width);
    for (let i = 0; i < width; i++) {
      const median = answer.values[at * width + i]!;
      const half = Math.max(atLeast, around.values[spreadAt * width + i]!);
      values[i] = median - half;
      values[width + i] = median;
      values[2 * width + i] = median + half;
    }
    return { ...answer, levels: [0.25, 0.5, 0.75], values };
  };
}
