// Reads years of hourly vertical TEC with space-weather columns, as published with Natras, Soja and Schmidt's study of
// probabilistic VTEC forecasts: `;`-separated, Year;DOY;Hour, Kp × 10, one VTEC column for each latitude.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concatSeries, DAY, decompress, HOUR, kpFromTenths, readCsv, type Series } from '@tidecast/data';

/** Hourly channels: one `VTEC_…` for each latitude [TECU], `kp` and `f107` [sfu]. */
export interface VtecStudyData {
  hourly: Series;
  /** Names of the VTEC channels, such as `VTEC_10N`. */
  targets: string[];
}

/**
 * Reads every `.csv` or `.csv.gz` of `folder` that has the columns and joins them by time.
 * @throws if there is none, or they do not follow each other without overlap.
 */
export async function readVtecFolder(folder: string): Promise<VtecStudyData> {
  const names = (await readdir(folder)).filter((name) => /\.csv(\.gz)?$/i.test(name)).sort();
  if (names.length === 0) {
    throw new Error(`study: expected .csv or .csv.gz files of hourly VTEC in ${folder}, found none.`);
  }
  const parts: Series[] = [];
  for (const name of names) {
    const text = new TextDecoder().decode(await decompress(await readFile(join(folder, name))));
    parts.push(readTable(text, name));
  }
  parts.sort((a, b) => a.start - b.start);
  const hourly = concatSeries(parts);
  const targets = hourly.channels.map(({ name }) => name).filter((name) => name.startsWith('VTEC_'));
  return { hourly, targets };
}

function readTable(text: string, file: string): Series {
  const header = text.slice(0, text.indexOf('\n')).split(';');
  const targets = header.map((name) => name.trim()).filter((name) => /^VTEC_\w+$/.test(name));
  if (targets.length === 0) {
    throw new Error(
      `study: expected columns called VTEC_<latitude> in ${file}, got ${header.join(', ').trim()}.`,
    );
  }
  return readCsv(text, {
    delimiter: ';',
    time: { year: 'Year', dayOfYear: 'DOY', hour: 'Hour' },
    columns: {
      ...Object.fromEntries(targets.map((name) => [name, { unit: 'TECU' }])),
      kp: { from: 'Kp index', unit: '1', interval: 3 * HOUR, scale: kpFromTenths },
      f107: { from: 'F10.7 index', unit: 'sfu', interval: DAY },
    },
  });
}
