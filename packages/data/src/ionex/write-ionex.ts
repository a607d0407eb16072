// Writes IONEX text. What is read back equals what was written, to the resolution 10^exponent of the file.

import { IonexError } from './ionex-error.ts';
import { IONEX_KINDS, type IonexAux, type IonexFile, type IonexKind, type IonexMaps } from './ionex-file.ts';
import { KIND_WORDS, ROW_LABEL } from './labels.ts';

/** What is needed to write a file: the grid and the maps; every other fact of {@link IonexFile} may be left out. */
export type IonexContent = Partial<Omit<IonexFile, 'maps' | 'grid' | 'warnings'>> & {
  grid: IonexFile['grid'];
  maps: Partial<Record<IonexKind, Pick<IonexMaps, 'epochs' | 'values'> & { exponents?: readonly number[] }>>;
};

/** How to write a file. */
export interface WriteIonexOptions {
  /** Format version; default the file's, else 1. The layout of the two is the same. */
  version?: 1 | 1.1;
  /** Exponent of all maps: values are rounded to 10^exponent. Default that of each map, else the file's, else −1. */
  exponent?: number;
}

const MISSING = 9999;

/**
 * The text of an IONEX file. NaN is written as 9999.
 * @throws IonexError for what the format cannot hold: uneven axes, values beyond five columns at this exponent,
 *   a value that would look like 9999, times with parts of a second.
 */
export function writeIonex(file: IonexContent, options: WriteIonexOptions = {}): string {
  const version = options.version ?? file.version ?? 1;
  if (version !== 1 && version !== 1.1) throw refuse(`version must be 1 or 1.1, got ${version}`);
  const header = options.exponent ?? file.exponent ?? -1;
  checkExponent(header);
  const heights = file.heights ?? [file.grid.heightKm ?? 450];
  const { latitudes, longitudes } = file.grid;
  if (heights.length > 1 && file.dimension === 2)
    throw refuse(`dimension 2 needs one height, got ${heights.length}`);
  const lines: string[] = [];
  writeHeader(lines, file, { version, exponent: header, heights });

  const size = heights.length * latitudes.length * longitudes.length;
  const state = { exponent: header };
  for (const kind of IONEX_KINDS) {
    const maps = file.maps[kind];
    if (!maps) continue;
    if (maps.values.length !== maps.epochs.length * size) {
      throw refuse(
        `${kind} maps must hold ${maps.epochs.length} × ${size} values, got ${maps.values.length}. Do grid and maps belong together?`,
      );
    }
    maps.epochs.forEach((epoch, i) => {
      const word = KIND_WORDS[kind];
      const exponent = options.exponent ?? maps.exponents?.[i] ?? header;
      checkExponent(exponent);
      lines.push(line(integer(i + 1), `START OF ${word} MAP`));
      lines.push(line(writeEpoch(epoch), 'EPOCH OF CURRENT MAP'));
      if (exponent !== state.exponent) lines.push(line(integer(exponent), 'EXPONENT'));
      state.exponent = exponent;
      const values = maps.values.subarray(i * size, (i + 1) * size);
      writeRows(lines, values, { heights, latitudes, longitudes, exponent, kind });
      lines.push(line(integer(i + 1), `END OF ${word} MAP`));
    });
  }
  lines.push(line('', 'END OF FILE'), '');
  return lines.join('\n');
}

function writeHeader(
  lines: string[],
  file: IonexContent,
  facts: { version: number; exponent: number; heights: readonly number[] },
): void {
  const { heights } = facts;
  const counts = IONEX_KINDS.map((kind) => file.maps[kind]?.epochs.length ?? 0);
  const epochs = IONEX_KINDS.flatMap((kind) => [...(file.maps[kind]?.epochs ?? [])]).sort((a, b) => a - b);
  if (epochs.length === 0) throw refuse('maps must hold at least one map, got none');
  const first = epochs[0]!;
  const interval = file.interval ?? (epochs.find((epoch) => epoch > first) ?? first) - first;
  const type = `${facts.version.toFixed(1).padStart(8)}${' '.repeat(12)}${'IONOSPHERE MAPS'.padEnd(20)}${plain(file.system ?? 'GNSS').slice(0, 20)}`;
  lines.push(line(type, 'IONEX VERSION / TYPE'));
  const program = [file.program ?? 'tidecast', file.runBy ?? '', file.date ?? ''];
  lines.push(
    line(program.map((text) => plain(text).slice(0, 20).padEnd(20)).join(''), 'PGM / RUN BY / DATE'),
  );
  for (const text of file.description ?? []) writeText(lines, text, 'DESCRIPTION');
  lines.push(line(writeEpoch(file.firstEpoch ?? first), 'EPOCH OF FIRST MAP'));
  lines.push(line(writeEpoch(file.lastEpoch ?? epochs[epochs.length - 1]!), 'EPOCH OF LAST MAP'));
  lines.push(line(integer(interval / 1000), 'INTERVAL'));
  lines.push(line(integer(Math.max(...counts)), '# OF MAPS IN FILE'));
  lines.push(line(`  ${plain(file.mappingFunction ?? 'NONE').slice(0, 4)}`, 'MAPPING FUNCTION'));
  lines.push(line(decimal(file.elevationCutoff ?? 0, 8), 'ELEVATION CUTOFF'));
  lines.push(line(plain(file.observables ?? '').slice(0, 60), 'OBSERVABLES USED'));
  if (file.stations !== undefined) lines.push(line(integer(file.stations), '# OF STATIONS'));
  if (file.satellites !== undefined) lines.push(line(integer(file.satellites), '# OF SATELLITES'));
  lines.push(line(decimal(file.baseRadiusKm ?? 6371, 8), 'BASE RADIUS'));
  lines.push(line(integer(file.dimension ?? (heights.length > 1 ? 3 : 2)), 'MAP DIMENSION'));
  lines.push(line(axis(heights, 'heights'), 'HGT1 / HGT2 / DHGT'));
  lines.push(line(axis(file.grid.latitudes, 'latitudes'), 'LAT1 / LAT2 / DLAT'));
  lines.push(line(axis(file.grid.longitudes, 'longitudes'), 'LON1 / LON2 / DLON'));
  lines.push(line(integer(facts.exponent), 'EXPONENT'));
  for (const text of file.comments ?? []) writeText(lines, text, 'COMMENT');
  for (const aux of file.aux ?? []) writeAux(lines, aux);
  lines.push(line('', 'END OF HEADER'));
}

function writeAux(lines: string[], aux: IonexAux): void {
  lines.push(line(plain(aux.name).slice(0, 60), 'START OF AUX DATA'));
  for (const text of aux.lines) {
    const clean = plain(text);
    if (/^(END|START) OF /.test(clean.slice(60).trim().toUpperCase())) {
      throw refuse(
        `lines of auxiliary data must not carry START or END labels, got '${clean.slice(60).trim()}'`,
      );
    }
    lines.push(clean);
  }
  lines.push(line(plain(aux.name).slice(0, 60), 'END OF AUX DATA'));
}

function writeRows(
  lines: string[],
  values: Float32Array,
  layout: {
    heights: readonly number[];
    latitudes: readonly number[];
    longitudes: readonly number[];
    exponent: number;
    kind: IonexKind;
  },
): void {
  const { heights, latitudes, longitudes, exponent, kind } = layout;
  const count = longitudes.length;
  const first = longitudes[0]!;
  const last = longitudes[count - 1]!;
  const step = count > 1 ? (last - first) / (count - 1) : 0;
  let at = 0;
  for (const height of heights) {
    for (const latitude of latitudes) {
      const numbers = [latitude, first, last, step, height];
      lines.push(line(`  ${numbers.map((number) => decimal(number, 6)).join('')}`, ROW_LABEL));
      for (let from = 0; from < count; from += 16) {
        let row = '';
        for (let i = from; i < Math.min(count, from + 16); i++) row += field(values[at++]!, exponent, kind);
        lines.push(row);
      }
    }
  }
}

function field(value: number, exponent: number, kind: IonexKind): string {
  if (Number.isNaN(value)) return ' 9999';
  const whole = Math.round(exponent > 0 ? value / 10 ** exponent : value * 10 ** -exponent);
  if (!(whole >= -9999 && whole <= 99_999) || whole === MISSING) {
    const why = whole === MISSING ? 'would be taken as missing' : 'does not fit five columns';
    throw refuse(`the ${kind} value ${value} ${why} at exponent ${exponent}. Choose another exponent`);
  }
  return String(whole + 0).padStart(5);
}

/** Writes free text, 60 columns to a line. */
function writeText(lines: string[], text: string, label: string): void {
  for (const part of text.split(/\r\n|\n|\r/)) {
    const clean = plain(part);
    for (let from = 0; from === 0 || from < clean.length; from += 60)
      lines.push(line(clean.slice(from, from + 60), label));
  }
}

function writeEpoch(time: number): string {
  const date = new Date(time);
  const year = date.getUTCFullYear();
  if (!Number.isFinite(time) || time % 1000 !== 0 || year < 1900 || year > 2200) {
    throw refuse(`times must be whole seconds of the years 1900 to 2200 in ms, got ${time}`);
  }
  const parts = [
    year,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
  ];
  return parts.map(integer).join('');
}

/** `first last step` of an axis. @throws IonexError if it is not even. */
function axis(points: readonly number[], what: string): string {
  const first = points[0];
  const last = points[points.length - 1];
  if (first === undefined || last === undefined)
    throw refuse(`${what} must hold at least one point, got none`);
  const step = points.length > 1 ? (last - first) / (points.length - 1) : 0;
  if (points.length > 1 && step === 0) throw refuse(`${what} must differ from each other`);
  points.forEach((point, i) => {
    if (!(Math.abs(point - (first + i * step)) < 1e-5))
      throw refuse(`${what} must be evenly spaced, got ${point} as point ${i + 1}`);
  });
  return `  ${[first, last, step].map((number) => decimal(number, 6)).join('')}`;
}

function integer(value: number): string {
  const text = String(value);
  if (!Number.isInteger(value) || text.length > 6)
    throw refuse(`a whole number of at most six columns is needed, got ${value}`);
  return text.padStart(6);
}

/** `value` with one decimal, or as many more as it needs and the field can hold. */
function decimal(value: number, width: number): string {
  for (let digits = 1; digits <= 5; digits++) {
    const text = (Math.round(value * 1e6) / 1e6 + 0).toFixed(digits);
    if (text.length > width) break;
    if (Math.abs(Number(text) - value) < 2e-6) return text.padStart(width);
  }
  throw refuse(`numbers of the header must fit ${width} columns, got ${value}`);
}

function checkExponent(exponent: number): void {
  if (!Number.isInteger(exponent) || Math.abs(exponent) > 9)
    throw refuse(`exponent must be a whole number from -9 to 9, got ${exponent}`);
}

/** Text without control characters, which would break the lines. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}

function line(content: string, label: string): string {
  return content.padEnd(60) + label.padEnd(20);
}

function refuse(reason: string): IonexError {
  return new IonexError(`cannot write: ${reason}.`);
}
