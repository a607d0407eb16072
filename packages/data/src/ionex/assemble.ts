// Puts the maps of a file in order of time and checks them against what the header promised.

import { IONEX_KINDS, type IonexFile, type IonexKind, type IonexMaps } from './ionex-file.ts';
import { KIND_WORDS } from './labels.ts';
import type { Header } from './read-header.ts';
import type { RawMap } from './read-maps.ts';
import { deviation, failure, type Reader, warn } from './reader.ts';

/** The file that `header` and `maps` make. @throws IonexError if the file holds no map, or two different maps of one time. */
export function assemble(reader: Reader, header: Header, maps: readonly RawMap[]): IonexFile {
  if (maps.length === 0)
    throw failure(reader, 'expected at least one map, got none. Is the file damaged or cut off?');
  const stacks = Object.fromEntries(
    IONEX_KINDS.map((kind) => [kind, stackOf(reader, maps, kind)]),
  ) as unknown as Record<IonexKind, IonexMaps>;
  checkPromises(reader, header, { stacks, maps });

  const { latitudes, longitudes, heights, dimension } = header;
  const main =
    stacks.tec.epochs.length > 0 ? stacks.tec : stacks.rms.epochs.length > 0 ? stacks.rms : stacks.height;
  const [first = 0, second = first] = main.epochs;
  return {
    ...(reader.file === undefined ? {} : { file: reader.file }),
    version: header.version,
    system: header.system,
    program: header.program,
    runBy: header.runBy,
    date: header.date,
    description: header.description,
    comments: header.comments,
    firstEpoch: header.firstEpoch,
    lastEpoch: header.lastEpoch,
    interval: header.interval ?? second - first,
    mappingFunction: header.mappingFunction,
    elevationCutoff: header.elevationCutoff,
    observables: header.observables,
    ...(header.stations === undefined ? {} : { stations: header.stations }),
    ...(header.satellites === undefined ? {} : { satellites: header.satellites }),
    baseRadiusKm: header.baseRadiusKm,
    dimension,
    heights,
    grid: { latitudes, longitudes, ...(dimension === 2 ? { heightKm: heights[0]! } : {}) },
    exponent: header.exponent,
    aux: header.aux,
    maps: stacks,
    warnings: [...reader.warnings.values()],
  };
}

function stackOf(reader: Reader, maps: readonly RawMap[], kind: IonexKind): IonexMaps {
  const own = maps.filter((map) => map.kind === kind);
  for (let i = 1; i < own.length; i++) {
    if (own[i]!.epoch < own[i - 1]!.epoch) {
      deviation(
        reader,
        `${KIND_WORDS[kind]} maps must stand in order of time; they were sorted`,
        own[i]!.line,
      );
    }
  }
  const kept: RawMap[] = [];
  for (const map of [...own].sort((a, b) => a.epoch - b.epoch || a.line - b.line)) {
    const before = kept[kept.length - 1];
    if (before?.epoch !== map.epoch) {
      kept.push(map);
    } else if (map.values.every((value, i) => Object.is(value, before.values[i]))) {
      deviation(reader, `a ${KIND_WORDS[kind]} map stands twice; the second is left out`, map.line);
    } else {
      const message = `two different ${KIND_WORDS[kind]} maps have the time ${new Date(map.epoch).toISOString()} (lines ${before.line} and ${map.line})`;
      if (reader.mode !== 'salvage') throw failure(reader, `${message}. Is an epoch damaged?`, map.line);
      warn(reader, `${message}; the second is left out`, map.line);
    }
  }
  const size = kept[0]?.values.length ?? 0;
  const values = new Float32Array(size * kept.length);
  kept.forEach((map, i) => {
    values.set(map.values, i * size);
  });
  return { epochs: kept.map((map) => map.epoch), values, exponents: kept.map((map) => map.exponent) };
}

function checkPromises(
  reader: Reader,
  header: Header,
  found: { stacks: Record<IonexKind, IonexMaps>; maps: readonly RawMap[] },
): void {
  const { stacks, maps } = found;
  const counts = IONEX_KINDS.map((kind) => maps.filter((map) => map.kind === kind).length);
  const { mapsInFile, firstEpoch, lastEpoch, interval } = header;
  // Archives count the epochs, the standard's wording the maps of all kinds.
  if (mapsInFile !== undefined && mapsInFile !== maps.length && mapsInFile !== Math.max(...counts)) {
    deviation(reader, `the header promises ${mapsInFile} maps, the file holds ${counts.join(' + ')}`);
  }
  const times = [...new Set(IONEX_KINDS.flatMap((kind) => stacks[kind].epochs))].sort((a, b) => a - b);
  const first = times[0]!;
  const last = times[times.length - 1]!;
  if (first !== firstEpoch) {
    deviation(reader, `the header's first epoch is ${iso(firstEpoch)}, that of the maps ${iso(first)}`);
  }
  if (last !== lastEpoch) {
    deviation(reader, `the header's last epoch is ${iso(lastEpoch)}, that of the maps ${iso(last)}`);
  }
  if (interval) {
    const odd = times.findIndex((time, i) => i > 0 && time - times[i - 1]! !== interval);
    if (odd > 0) {
      deviation(
        reader,
        `the header's interval is ${interval / 1000} s, but ${iso(times[odd - 1]!)} is followed by ${iso(times[odd]!)}`,
      );
    }
  }
  const withTec = new Set(stacks.tec.epochs);
  for (const kind of ['rms', 'height'] as const) {
    const lonely = stacks[kind].epochs.find((epoch) => withTec.size > 0 && !withTec.has(epoch));
    if (lonely !== undefined) {
      deviation(reader, `the ${KIND_WORDS[kind]} map of ${iso(lonely)} has no TEC map of the same time`);
    }
  }
}

function iso(time: number): string {
  return new Date(time).toISOString().replace(':00.000Z', 'Z');
}
