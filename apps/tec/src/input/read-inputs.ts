// From the caller's files to one TEC series of all stations, a Kp series, and what there is to say about them.

import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  availableAt,
  decompress,
  endOf,
  HOUR,
  type IonexFile,
  ionexToSeries,
  lengthOf,
  readCsv,
  readIndices,
  resample,
  type Series,
  stationsFromMaps,
} from '@tidecast/data';
import { readIonexFile } from '@tidecast/data/node';
import type { CheckedOptions, ForecastCallbacks } from '../forecast/options.ts';
import type { DataFacts } from '../forecast/result.ts';
import { findGimFiles } from './find-files.ts';
import type { Station } from './stations.ts';

/** What a run works on. */
export interface Inputs {
  /** TEC [TECU] at the forecast's step, one channel for each station. */
  tec: Series;
  /** Kp as it came, every 3 hours. */
  kp?: Series;
  facts: DataFacts;
}

/** Reads GIM or CSV files and the index file. @throws one sentence naming the file or what does not fit. */
export async function readInputs(
  options: CheckedOptions,
  stations: readonly Station[],
  synthetic: boolean,
  callbacks: ForecastCallbacks,
): Promise<Inputs> {
  const read = options.csv?.length
    ? await readCsvStations(options.csv, stations)
    : await readGim(options.gim!, stations, callbacks);
  const tec = atStep(read.tec, options.step);
  const kp = options.index ? await readKp(options.index, tec) : undefined;
  let missing = 0;
  for (const value of tec.values) if (Number.isNaN(value)) missing++;
  if (missing === tec.values.length)
    throw new Error('forecast: every value of the stations is missing in these files.');
  return {
    tec,
    kp,
    facts: {
      synthetic,
      source: synthetic ? 'SYNTHETIC sample, made up by a seeded generator' : read.source,
      files: read.files,
      first: tec.start,
      last: endOf(tec) - tec.step,
      samples: lengthOf(tec),
      missing,
      notes: read.notes,
      index: options.index && basename(options.index),
    },
  };
}

interface Read {
  tec: Series;
  files: number;
  source: string;
  notes: string[];
}

async function readGim(
  paths: readonly string[],
  stations: readonly Station[],
  { onProgress, signal }: ForecastCallbacks,
): Promise<Read> {
  const names = await findGimFiles(paths);
  const files: IonexFile[] = [];
  for (const name of names) {
    signal?.throwIfAborted();
    files.push(await readIonexFile(name, { mode: 'lenient' }));
    onProgress?.({ what: 'maps', done: files.length, total: names.length });
  }
  const { series, gaps, repeated } = ionexToSeries(files);
  const warnings = files.reduce((sum, file) => sum + file.warnings.length, 0);
  const largest = repeated.reduce((most, { largestDifference }) => Math.max(most, largestDifference), 0);
  return {
    tec: stationsFromMaps(series, stations),
    files: files.length,
    source: `${files.length} IONEX files, ${basename(names[0]!)} to ${basename(names.at(-1)!)}`,
    notes: [
      `${gaps.length} gaps between maps`,
      `${repeated.length} midnights stand in two files (the later file counts; they differ by up to ${largest.toFixed(1)} TECU)`,
      `${warnings} warnings while reading`,
    ],
  };
}

/** CSV files with a `time` column and one column for each station, called by its name; joined by time. */
async function readCsvStations(paths: readonly string[], stations: readonly Station[]): Promise<Read> {
  const columns = Object.fromEntries(stations.map(({ name }) => [name, { unit: 'TECU' }]));
  const parts: Series[] = [];
  for (const path of paths) {
    try {
      parts.push(
        readCsv(new TextDecoder().decode(await decompress(await readBytes(path))), { time: 'time', columns }),
      );
    } catch (error) {
      throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
    }
  }
  if (parts.length > 1)
    throw new Error('forecast: expected one CSV file with all stations and times, got several.');
  return {
    tec: parts[0]!,
    files: parts.length,
    source: `CSV ${paths.map((path) => basename(path)).join(', ')}`,
    notes: [],
  };
}

function atStep(tec: Series, step: number): Series {
  if (tec.step === step) return tec;
  if (step % tec.step !== 0) {
    throw new Error(
      `forecast: the maps come every ${tec.step / HOUR} h, which does not fit --step ${step / HOUR}h. ` +
        `Give a step that is a multiple of ${tec.step / HOUR} h.`,
    );
  }
  const start = Math.ceil(tec.start / step) * step;
  return resample(tec, { step, start, method: 'nearest' });
}

async function readKp(path: string, tec: Series): Promise<Series> {
  let kp: Series | undefined;
  try {
    kp = readIndices(new TextDecoder().decode(await decompress(await readBytes(path)))).kp;
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
  if (!kp)
    throw new Error(`${path}: expected an index file with Kp, got one without. Give a file that has Kp.`);
  const from = availableAt(kp.channels[0]!, kp.start);
  const last = endOf(tec) - tec.step;
  if (from > tec.start + 24 * HOUR || endOf(kp) < last) {
    const day = (time: number) => new Date(time).toISOString().slice(0, 10);
    throw new Error(
      `${path}: its Kp covers ${day(kp.start)} to ${day(endOf(kp))}, but the maps need ${day(tec.start)} to ${day(last)}. ` +
        'Give an index file for the time of the maps.',
    );
  }
  return kp;
}

async function readBytes(path: string): Promise<Uint8Array> {
  const info = await stat(path).catch(() => undefined);
  if (!info) throw new Error(`there is no file '${path}'. Check the path.`);
  if (info.isDirectory()) throw new Error(`'${path}' is a folder where a file was expected.`);
  return readFile(path);
}

/** Kp as a forecaster running in real time sees it, at the times of `tec`: the last interval that had ended. */
export function kpAsKnown(kp: Series, tec: Series): Series {
  return resample(kp, { step: tec.step, start: tec.start, method: 'last-known' });
}
