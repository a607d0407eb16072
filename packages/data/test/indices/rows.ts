// Rows of every format of indices, written from the same made-up days.

import fc from 'fast-check';
import { AP_OF_THIRDS, DAY } from '../../src/index.ts';

/** What one day holds; Kp as a number of thirds. */
export interface MadeDay {
  thirds: number[];
  f107: number;
  adjusted: number;
  dst: number[];
}

export const madeDay = fc.record({
  thirds: fc.array(fc.integer({ min: 0, max: 27 }), { minLength: 8, maxLength: 8 }),
  f107: fc.integer({ min: 600, max: 4000 }).map((tenths) => tenths / 10),
  adjusted: fc.integer({ min: 600, max: 4000 }).map((tenths) => tenths / 10),
  dst: fc.array(fc.integer({ min: -500, max: 100 }), { minLength: 24, maxLength: 24 }),
});

const pad = (value: number | string, width: number) => String(value).padStart(width);
const zeros = (value: number, width: number) => String(value).padStart(width, '0');
const tenths = (thirds: number) => Math.round((thirds * 10) / 3);
const sum = (values: number[]) => values.reduce((total, each) => total + each, 0);

export function dateOf(time: number): { year: number; month: number; day: number; days: number } {
  const date = new Date(time);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    days: (time - Date.UTC(1932, 0, 1)) / DAY,
  };
}

export function gfzDaily(time: number, made: MadeDay, flag = 1): string {
  const { year, month, day, days } = dateOf(time);
  const kp = made.thirds.map((each) => pad((each / 3).toFixed(3), 6)).join(' ');
  const ap = made.thirds.map((each) => pad(AP_OF_THIRDS[each]!, 4)).join(' ');
  const flux = `${pad(made.f107.toFixed(1), 8)} ${pad(made.adjusted.toFixed(1), 8)}`;
  const date = `${year} ${zeros(month, 2)} ${zeros(day, 2)}`;
  return `${date} ${pad(days, 5)} ${(days + 0.5).toFixed(1)} 2488 19 ${kp} ${ap}  ${pad(8, 4)} ${pad(12, 3)} ${flux} ${flag}`;
}

export function gfzThreeHourly(time: number, made: MadeDay, flag = 1): string {
  const { year, month, day, days } = dateOf(time);
  return made.thirds
    .map((each, i) => {
      const start = days + i / 8;
      const kp = pad((each / 3).toFixed(3), 6);
      const hours = `${zeros(3 * i, 2)}.0 ${zeros(3 * i + 1, 2)}.50`;
      const between = `${start.toFixed(5)} ${(start + 1 / 16).toFixed(5)}`;
      return `${year} ${zeros(month, 2)} ${zeros(day, 2)} ${hours} ${between} ${kp} ${pad(AP_OF_THIRDS[each]!, 4)} ${flag}`;
    })
    .join('\n');
}

export function kpWdc(time: number, made: MadeDay): string {
  const { year, month, day } = dateOf(time);
  const kp = made.thirds.map((each) => pad(tenths(each), 2)).join('');
  const ap = made.thirds.map((each) => pad(AP_OF_THIRDS[each]!, 3)).join('');
  const date = `${zeros(year % 100, 2)}${pad(month, 2)}${pad(day, 2)}`;
  return `${date}248819${kp}${pad(sum(made.thirds.map(tenths)), 3)}${ap}${pad(8, 3)}0.42`;
}

export function celestrak(time: number, made: MadeDay, qualifier: number | ' ' = 0): string {
  const { year, month, day } = dateOf(time);
  const kp = made.thirds.map((each) => pad(tenths(each), 3)).join('');
  const ap = made.thirds.map((each) => pad(AP_OF_THIRDS[each]!, 4)).join('');
  const flux = `${pad(made.adjusted.toFixed(1), 6)} ${qualifier} 100.0 100.0${pad(made.f107.toFixed(1), 6)} 100.0 100.0`;
  return `${year} ${zeros(month, 2)} ${zeros(day, 2)} 2488 19${kp} ${pad(sum(made.thirds.map(tenths)), 3)}${ap}   8 0.4 2  12${flux}`;
}

export function celestrakFile(observed: string[], predicted: string[] = []): string {
  const head = `DATATYPE CssiSpaceWeather\nVERSION 1.2\n# a comment\nNUM_OBSERVED_POINTS ${observed.length}\n`;
  const rest = `NUM_DAILY_PREDICTED_POINTS ${predicted.length}\nBEGIN DAILY_PREDICTED\n${predicted.join('\n')}\nEND DAILY_PREDICTED\n`;
  return `${head}BEGIN OBSERVED\n${observed.join('\n')}\nEND OBSERVED\n\n${rest}`.replaceAll('\n', '\r\n');
}

export const CELESTRAK_CSV_HEADER =
  'DATE,BSRN,ND,KP1,KP2,KP3,KP4,KP5,KP6,KP7,KP8,KP_SUM,AP1,AP2,AP3,AP4,AP5,AP6,AP7,AP8,AP_AVG,CP,C9,ISN,' +
  'F10.7_OBS,F10.7_ADJ,F10.7_DATA_TYPE,F10.7_OBS_CENTER81,F10.7_OBS_LAST81,F10.7_ADJ_CENTER81,F10.7_ADJ_LAST81';

export function celestrakCsv(time: number, made: MadeDay, type = 'OBS'): string {
  const day = new Date(time).toISOString().slice(0, 10);
  const kp = made.thirds.map(tenths);
  const ap = made.thirds.map((each) => AP_OF_THIRDS[each]!);
  return [
    day,
    2488,
    19,
    ...kp,
    sum(kp),
    ...ap,
    8,
    0.4,
    2,
    12,
    made.f107,
    made.adjusted,
    type,
    1,
    1,
    1,
    1,
  ].join();
}

export function gfzCsv(time: number, made: MadeDay): string {
  const kp = made.thirds.map((each) => Number((each / 3).toFixed(3)));
  return [new Date(time).toISOString().slice(0, 10), ...kp, sum(kp)].join();
}

export const GFZ_CSV_HEADER = 'Date,K_00,K_03,K_06,K_09,K_12,K_15,K_18,K_21,Kp_Sum';

export function gfzJson(start: number, days: MadeDay[], key = 'Kp', status = 'def'): string {
  const thirds = days.flatMap((each) => each.thirds);
  const step = DAY / 8;
  const value = (each: number) => (key === 'ap' ? AP_OF_THIRDS[each]! : Number((each / 3).toFixed(3)));
  return JSON.stringify({
    meta: { source: 'made up' },
    datetime: thirds.map((_, i) => new Date(start + i * step).toISOString().replace('.000', '')),
    [key]: thirds.map(value),
    ...(status ? { status: thirds.map(() => status) } : {}),
  });
}

export function dstWdc(time: number, made: MadeDay, version = '2'): string {
  const { year, month, day } = dateOf(time);
  const head = `DST${zeros(year % 100, 2)}${zeros(month, 2)}*${zeros(day, 2)}  X${version}${Math.floor(year / 100)}   0`;
  return head + [...made.dst, 0].map((each) => pad(each, 4)).join('');
}

export function omni2(time: number, made: MadeDay): string {
  const { year } = dateOf(time);
  const dayOfYear = (time - Date.UTC(year, 0, 1)) / DAY + 1;
  return made.dst
    .map((dst, hour) => {
      const words = Array.from({ length: 55 }, () => '0.0');
      const thirds = made.thirds[Math.floor(hour / 3)]!;
      [words[0], words[1], words[2]] = [String(year), pad(dayOfYear, 3), pad(hour, 2)];
      [words[38], words[40]] = [pad(tenths(thirds), 2), pad(dst, 5)];
      [words[49], words[50]] = [pad(AP_OF_THIRDS[thirds]!, 3), made.adjusted.toFixed(1)];
      return words.join(' ');
    })
    .join('\n');
}
