// The sample as files, so that it goes through the same readers as real ones.

import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { writeIonex } from '@tidecast/data';
import { writeFiles } from '@tidecast/program';
import { createSample, type SampleDay, type SampleOptions } from './days.ts';
import { LATITUDES, LONGITUDES } from './field.ts';
import { sampleKpText } from './kp-text.ts';

const compress = promisify(gzip);

/** Name of the index file of a sample. */
export const SAMPLE_INDEX = 'kp_synthetic.txt';

/** Writes a sample: one IONEX file a day (gzip) and the index file, which comes last and so marks a whole sample. */
export async function writeSample(
  folder: string,
  options: SampleOptions & { signal?: AbortSignal; onProgress?: (done: number, total: number) => void },
): Promise<{ gim: string[]; index: string }> {
  const { signal, onProgress, ...rest } = options;
  const sample = createSample(rest);
  const gim: string[] = [];
  for (const day of sample.maps()) {
    const [path] = await writeFiles(
      folder,
      { [fileName(day)]: await compress(dayText(day, sample.seed)) },
      signal,
    );
    gim.push(path!);
    onProgress?.(gim.length, sample.days);
  }
  await writeFiles(folder, { [SAMPLE_INDEX]: sampleKpText(sample) }, signal);
  return { gim, index: join(folder, SAMPLE_INDEX) };
}

/** `synt0150.35i.gz` for day 15 of 2035. */
function fileName({ date }: SampleDay): string {
  const year = new Date(date).getUTCFullYear();
  const day = Math.round((date - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
  return `synt${String(day).padStart(3, '0')}0.${String(year % 100).padStart(2, '0')}i.gz`;
}

function dayText(day: SampleDay, seed: number): string {
  return writeIonex({
    program: 'tidecast-tec',
    runBy: 'SYNTHETIC',
    system: 'MIX',
    description: [
      'SYNTHETIC SAMPLE: made up by a seeded generator, no observation.',
      `Climatology NTCM, seed ${seed}.`,
    ],
    grid: { latitudes: LATITUDES, longitudes: LONGITUDES, heightKm: 450 },
    maps: { tec: { epochs: day.times, values: day.tec }, rms: { epochs: day.times, values: day.rms } },
  });
}
