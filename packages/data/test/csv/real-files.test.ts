// Years of hourly VTEC as published with a study: semicolons, and names with stray blanks.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import {
  channelIndex,
  DAY,
  HOUR,
  kpFromTenths,
  lengthOf,
  readCsv,
  readIndices,
  type Series,
  timeAt,
  writeCsv,
} from '../../src/index.ts';

const text = (path: string) => gunzipSync(readFileSync(sharedData(path))).toString('utf8');

const COLUMNS = {
  r: { from: 'R (Sunspots)', unit: '1' },
  f107: { from: 'F10.7 index', unit: 'sfu', interval: DAY },
  speed: { from: 'SW Plasma Speed', unit: 'km/s' },
  bz: { from: 'Bz (GSM)', unit: 'nT' },
  dst: { from: 'Dst index', unit: 'nT', interval: HOUR },
  kp: { from: 'Kp index', unit: '1', interval: 3 * HOUR, scale: kpFromTenths },
  ae: { from: 'AE index', unit: 'nT' },
  vtec10: { from: 'VTEC_10N', unit: 'TECU' },
  vtec40: { from: 'VTEC_40N', unit: 'TECU' },
  vtec70: { from: 'VTEC_70N', unit: 'TECU' },
  next10: { from: 'VTEC_10N (t+24)', unit: 'TECU' },
  next40: { from: 'VTEC_40N (t+24)', unit: 'TECU' },
  next70: { from: 'VTEC_70N (t+24)', unit: 'TECU' },
};

function column(series: Series, name: string): (index: number) => number {
  const at = channelIndex(series, name);
  return (index) => series.values[index * series.channels.length + at]!;
}

describe.skipIf(!hasSharedData)(`hourly VTEC files${needsSharedData}`, () => {
  const files: [name: string, rows: number, start: number][] = [
    ['tec/randa_Training_data_VTEC.csv.gz', 17_544, Date.UTC(2015, 0, 1)],
    ['tec/randa_Test_data_VTEC.csv.gz', 8760, Date.UTC(2017, 0, 1)],
  ];

  it.each(files)('%s reads whole, and fast', (name, rows, start) => {
    const content = text(name);
    const begin = performance.now();
    const series = readCsv(content, {
      time: { year: 'Year', dayOfYear: 'DOY', hour: 'Hour' },
      columns: COLUMNS,
    });
    const elapsed = performance.now() - begin;
    expect([lengthOf(series), series.start, series.step]).toEqual([rows, start, HOUR]);
    expect(series.values.some(Number.isNaN)).toBe(false);
    expect(elapsed).toBeLessThan(1000);

    // Each row repeats the VTEC of the same hour a day later.
    for (const latitude of [10, 40, 70]) {
      const [now, next] = [column(series, `vtec${latitude}`), column(series, `next${latitude}`)];
      let different = 0;
      for (let i = 0; i + 24 < rows; i++) if (next(i) !== now(i + 24)) different++;
      expect(different).toBe(0);
    }

    const back = readCsv(writeCsv(series), {
      time: 'time',
      columns: Object.fromEntries(series.channels.map(({ name: from, ...rest }) => [from, rest])),
    });
    expect({ ...back, values: 0 }).toEqual({ ...series, values: 0 });
    expect(back.values.every((value, i) => value === series.values[i])).toBe(true);
  });

  it.each(files)("%s has GFZ's Kp at every hour, and the F10.7 adjusted to 1 au", (name, rows) => {
    const series = readCsv(text(name), {
      time: { year: 'Year', dayOfYear: 'DOY', hour: 'Hour' },
      columns: COLUMNS,
    });
    const count = (channel: string, index: Series) => {
      const at = column(series, channel);
      const result = { same: 0, different: 0, missing: 0 };
      for (let i = 0; i < rows; i++) {
        const value = index.values[Math.floor((timeAt(series, i) - index.start) / index.step)]!;
        result[Number.isNaN(value) ? 'missing' : at(i) === value ? 'same' : 'different']++;
      }
      return result;
    };
    const gfz = readIndices(text('indices/GFZ_Kp_ap_Ap_SN_F107_2004-2024_noheader.txt.gz'));
    expect(count('kp', gfz.kp!)).toEqual({ same: rows, different: 0, missing: 0 });
    // 13 January 2015 has no observation of F10.7.
    const missing = name.includes('Training') ? 24 : 0;
    expect(count('f107', gfz.f107Adjusted!)).toEqual({ same: rows - missing, different: 0, missing });
    expect(count('f107', gfz.f107!).different).toBeGreaterThan(0.98 * (rows - missing));
  });

  it.each(files)('%s has an earlier edition of Dst, of the same hours', (name, rows) => {
    const series = readCsv(text(name), {
      time: { year: 'Year', dayOfYear: 'DOY', hour: 'Hour' },
      columns: COLUMNS,
    });
    const dst = readIndices(text('indices/WDC_Kyoto_Dst_2006-2022.dat.gz')).dst!;
    const first = (series.start - dst.start) / HOUR;
    const at = column(series, 'dst');
    const distance = (shift: number) => {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += (at(i) - dst.values[first + i + shift]!) ** 2;
      return Math.sqrt(sum / rows);
    };
    expect(distance(0)).toBeLessThan(0.9 * distance(-1));
    expect(distance(0)).toBeLessThan(0.9 * distance(1));
  });
});
