// The made-up Kp and F10.7 in the text layout that GFZ Potsdam distributes, header and all, so that the sample
// goes through the same reader as the real file. The header says that the numbers are synthetic.

import { DAY } from '@tidecast/data';
import type { Sample } from './days.ts';

/** ap for Kp in thirds, 0 … 27 (Bartels' table as published by GFZ with Kp, doi 10.5880/Kp.0001). */
const AP: readonly number[] = [
  0, 2, 3, 4, 5, 6, 7, 9, 12, 15, 18, 22, 27, 32, 39, 48, 56, 67, 80, 94, 111, 132, 154, 179, 207, 236, 300,
  400,
];

/** Bartels rotation 1 began on 1832-02-08. */
const BARTELS = Date.UTC(1832, 1, 8);
const EPOCH = Date.UTC(1932, 0, 1);

/** The sample's Kp, ap and F10.7 in the GFZ text layout with one row per day. */
export function sampleKpText(sample: Sample): string {
  const lines = [
    '# SYNTHETIC SAMPLE: these numbers are made up by a seeded generator and are no observations.',
    `# Made by tidecast-tec sample, seed ${sample.seed}, ${sample.days} days.`,
    '# Columns as in the Kp_ap_Ap_SN_F107 files of GFZ Potsdam: YYYY MM DD, days since 1932-01-01, the same at',
    '# midday, Bartels rotation, day in it, 8 Kp, 8 ap, Ap, SN (missing: -1), F10.7 observed, adjusted, flag.',
  ];
  for (let day = 0; day < sample.days; day++) lines.push(row(sample, day));
  return `${lines.join('\n')}\n`;
}

function row(sample: Sample, day: number): string {
  const time = sample.start + day * DAY;
  const date = new Date(time);
  const number = (time - EPOCH) / DAY;
  const bartels = (time - BARTELS) / DAY;
  const kp = Array.from(sample.kp.values.subarray(day * 8, day * 8 + 8));
  const ap = kp.map((value) => AP[Math.round(value * 3)]!);
  const mean = Math.round(ap.reduce((sum, value) => sum + value, 0) / ap.length);
  const flux = sample.solarFlux[day]!.toFixed(1).padStart(8);
  return [
    date.getUTCFullYear(),
    String(date.getUTCMonth() + 1).padStart(2, '0'),
    String(date.getUTCDate()).padStart(2, '0'),
    String(number).padStart(5),
    (number + 0.5).toFixed(1).padStart(7),
    String(Math.floor(bartels / 27) + 1).padStart(4),
    String((bartels % 27) + 1).padStart(2),
    ...kp.map((value) => value.toFixed(3).padStart(6)),
    ...ap.map((value) => String(value).padStart(4)),
    String(mean).padStart(5),
    ' -1',
    flux,
    flux,
    '0',
  ].join(' ');
}
