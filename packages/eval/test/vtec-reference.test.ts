// Scores on years of real VTEC against figures that were computed independently with the same split.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { createSeries, DAY, HOUR, type Series, splitByTime, subset, windows } from '@tidecast/data';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../test/shared-data.ts';
import {
  backtest,
  fitRidge,
  hourlyMean,
  persistence,
  ridgeForecast,
  scoreForecasts,
  stormDays,
} from '../src/index.ts';

const STEP = 2 * HOUR;
const TEST = Date.UTC(2017, 0, 1);
const latitudes = ['10N', '40N', '70N'] as const;

/** RMSE [TECU] over all days of 2017 and over its storm days. */
const reference = {
  persistence: { '10N': '2.30/3.15', '40N': '2.22/4.36', '70N': '1.17/1.98' },
  'mean of 27 days': { '10N': '3.07/4.02', '40N': '1.97/3.42', '70N': '1.16/1.65' },
  ridge: { '10N': '1.92/2.46', '40N': '1.71/2.81', '70N': '0.94/1.37' },
} as const;

/** Even hours of both files: TEC of one latitude and what the ridge looks at. */
function readVtec(latitude: (typeof latitudes)[number]): Series {
  const rows = ['randa_Training_data_VTEC.csv.gz', 'randa_Test_data_VTEC.csv.gz'].flatMap((file) =>
    gunzipSync(readFileSync(sharedData(`tec/${file}`)))
      .toString()
      .trim()
      .split(/\r?\n/)
      .slice(1)
      .map((line) => line.split(';').map(Number)),
  );
  const column = 10 + latitudes.indexOf(latitude);
  const even = rows.filter((row) => row[2]! % 2 === 0);
  const tec = even.map((row) => row[column]!);
  const values = even.flatMap((row, i) => {
    const angle = (2 * Math.PI * row[1]!) / 365.25;
    let sum = i >= 27 * 12 ? 0 : Number.NaN;
    for (let day = 1; day <= 27; day++) sum += tec[i - 12 * day]!;
    const season = [Math.sin(angle), Math.cos(angle), Math.sin(2 * angle), Math.cos(2 * angle)];
    return [tec[i]!, row[8]!, sum / 27, row[4]!, ...season];
  });
  return createSeries({
    start: Date.UTC(2015, 0, 1),
    step: STEP,
    shape: [8],
    channels: [
      { name: 'tec', unit: 'TECU' },
      { name: 'kp', unit: '0.1', interval: 3 * HOUR },
      { name: 'mean27', unit: 'TECU', latency: -DAY },
      { name: 'f107', unit: 'sfu', interval: DAY },
      ...[1, 2, 3, 4].map((i) => ({ name: `season${i}`, unit: '1', known: 'always' as const })),
    ],
    values: Float32Array.from(values),
  });
}

// A day in, the next day out, issued at midnight, when the last Kp of the day is known.
const common = { targets: ['tec'], horizon: 12, issueDelay: STEP };

function trainRidge(series: Series) {
  const samples = windows(series, {
    ...common,
    steps: 12,
    inputs: ['tec', 'kp'],
    future: ['mean27'],
    static: ['f107', 'season1', 'season2', 'season3', 'season4'],
    align: DAY,
  });
  const { train } = splitByTime(samples, { testFrom: TEST });
  // The reference begins with the target day 2015-01-29, a day after the first one with 27 days before it.
  const first = train.origins.findIndex((origin) => origin >= Date.UTC(2015, 0, 29));
  return fitRidge(
    subset(
      train,
      Array.from({ length: train.count - first }, (_, i) => first + i),
    ),
    { lambda: 30 },
  );
}

describe.skipIf(!hasSharedData)(`hourly VTEC 2015–2017 against the reference${needsSharedData}`, () => {
  describe.each(latitudes)('%s', (latitude) => {
    let series: Series;
    beforeAll(() => {
      series = readVtec(latitude);
    });

    const models = {
      persistence: () => persistence(common),
      'mean of 27 days': () => hourlyMean({ ...common, minDays: 27 }),
      ridge: () => ridgeForecast(trainRidge(series)),
    };

    it.each(['persistence', 'mean of 27 days', 'ridge'] as const)(
      '%s, all days and storm days',
      async (name) => {
        const result = await backtest(models[name](), series, {
          ...common,
          from: TEST,
          to: Date.UTC(2018, 0, 1),
          every: DAY,
        });
        const storm = stormDays(series, { channel: 'kp', atLeast: 50 });
        const all = scoreForecasts(result)[0]!.pooled;
        const stormy = scoreForecasts(result, { where: storm })[0]!.pooled;
        expect([all.n, stormy.n]).toEqual([365 * 12, 37 * 12]);
        expect(`${all.rmse.toFixed(2)}/${stormy.rmse.toFixed(2)}`).toBe(reference[name][latitude]);
      },
    );
  });

  it('fits the ridge on 41 inputs and the 703 days to the end of 2016', () => {
    const ridge = trainRidge(readVtec('40N'));
    expect([ridge.inputs.length, ridge.n, ridge.leftOut]).toEqual([41, 703, 0]);
  });
});
