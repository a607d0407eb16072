// The header of an IONEX file, up to END OF HEADER.

import { checkRange, readAxis } from './axis.ts';
import { readEpoch, readNumber, readNumbers } from './fields.ts';
import type { IonexAux } from './ionex-file.ts';
import { STARTS } from './labels.ts';
import { isBlank, lineText, nextLine, stepBack } from './lines.ts';
import { readAux } from './read-aux.ts';
import { deviation, failure, quote, type Reader, readLabelled } from './reader.ts';

/** The facts of a header as they were found. */
export interface Header {
  version: number;
  system: string;
  program: string;
  runBy: string;
  date: string;
  description: string[];
  comments: string[];
  firstEpoch: number;
  lastEpoch: number;
  interval: number | undefined;
  mapsInFile: number | undefined;
  mappingFunction: string;
  elevationCutoff: number;
  observables: string;
  stations: number | undefined;
  satellites: number | undefined;
  baseRadiusKm: number;
  dimension: 2 | 3;
  heights: number[];
  latitudes: number[];
  longitudes: number[];
  exponent: number;
  aux: IonexAux[];
}

/** Without these a file cannot be read in any mode. */
const NEEDED = [
  'EPOCH OF FIRST MAP',
  'EPOCH OF LAST MAP',
  'HGT1 / HGT2 / DHGT',
  'LAT1 / LAT2 / DLAT',
  'LON1 / LON2 / DLON',
];
/** The standard wants these, too. */
const WANTED = [
  'PGM / RUN BY / DATE',
  'INTERVAL',
  '# OF MAPS IN FILE',
  'MAPPING FUNCTION',
  'ELEVATION CUTOFF',
  'OBSERVABLES USED',
  'BASE RADIUS',
  'MAP DIMENSION',
];

/** Reads the header; the next line is then the first after END OF HEADER. @throws IonexError */
export function readHeader(reader: Reader): Header {
  const { lines } = reader;
  const header = readVersion(reader);
  const seen = new Map<string, string>();
  let ended = false;
  let dimension: number | undefined;
  while (!ended) {
    if (!nextLine(lines)) {
      throw failure(
        reader,
        'the file ends within the header: expected END OF HEADER. Was the download cut off?',
      );
    }
    if (isBlank(lines)) {
      deviation(reader, 'blank lines are not allowed');
      continue;
    }
    const { content, label } = readLabelled(reader);
    const before = seen.get(label);
    if (before !== undefined && before.trimEnd() !== content.trimEnd() && NEEDED.includes(label)) {
      throw failure(reader, `${label} must stand once in the header, got a second, different one.`);
    }
    seen.set(label, content);
    switch (label) {
      case 'END OF HEADER':
        ended = true;
        break;
      case 'MAP DIMENSION':
        dimension = readNumber(reader, content, 'MAP DIMENSION', true);
        if (dimension !== 2 && dimension !== 3)
          throw failure(reader, `MAP DIMENSION must be 2 or 3, got ${dimension}.`);
        break;
      case 'START OF AUX DATA':
        header.aux.push(readAux(reader, content.trim()));
        break;
      case 'IONEX VERSION / TYPE':
        throw failure(reader, 'expected one header, got a second. Are two files joined in one? Split them.');
      case '':
        throw failure(
          reader,
          `expected a header line with a label in columns 61–80, got ${quote(lineText(lines).trim())}. Is the file damaged?`,
        );
      default:
        if (STARTS.has(label)) {
          deviation(reader, 'the header must end with END OF HEADER');
          stepBack(lines);
          ended = true;
        } else readFact(reader, header, { content, label });
    }
  }
  checkComplete(reader, header, { seen, dimension });
  return header;
}

function readVersion(reader: Reader): Header {
  const { lines } = reader;
  let more = nextLine(lines);
  while (more && isBlank(lines)) more = nextLine(lines);
  if (!more) throw failure(reader, 'expected an IONEX file, got nothing but blanks. Get the file again.', 1);
  const text = lineText(lines);
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) {
    throw failure(
      reader,
      'expected an IONEX file, got a web page. Did the download ask for a log-in? Get the file again.',
    );
  }
  const line = readLabelled(reader);
  if (line.label !== 'IONEX VERSION / TYPE') {
    throw failure(
      reader,
      `expected the first line to carry IONEX VERSION / TYPE in columns 61–80, got ${quote(text.trim())}. Is this an IONEX file?`,
    );
  }
  const [word = '', ...rest] = line.content.trim().split(/\s+/);
  const version = Number(word);
  if (!/^\d+(\.\d*)?$/.test(word) || version < 1 || version >= 2) {
    throw failure(reader, `expected IONEX version 1.0 or 1.1, got ${quote(word)}.`);
  }
  if (version !== 1 && version !== 1.1) deviation(reader, `version ${word} is read as if it were 1.1`);
  if (!rest.join(' ').toUpperCase().startsWith('I')) {
    deviation(reader, `the type must be I (ionosphere maps), got ${quote(rest.join(' '))}`);
  }
  const system = line.content.slice(40).trim() || rest[rest.length - 1] || '';
  return { ...emptyHeader(), version, system };
}

function emptyHeader(): Header {
  return {
    version: 1,
    system: '',
    program: '',
    runBy: '',
    date: '',
    description: [],
    comments: [],
    firstEpoch: Number.NaN,
    lastEpoch: Number.NaN,
    interval: undefined,
    mapsInFile: undefined,
    mappingFunction: 'NONE',
    elevationCutoff: 0,
    observables: '',
    stations: undefined,
    satellites: undefined,
    baseRadiusKm: 6371,
    dimension: 2,
    heights: [],
    latitudes: [],
    longitudes: [],
    exponent: -1,
    aux: [],
  };
}

function readFact(reader: Reader, header: Header, line: { content: string; label: string }): void {
  const { content, label } = line;
  const whole = () => readNumber(reader, content, label, true);
  // Facts that no value depends on may be left blank.
  const optional = (read: () => number, otherwise: number) => (content.trim() === '' ? otherwise : read());
  const triple = () => readNumbers(reader, content, { count: 3, skip: 2, width: 6, what: label });
  switch (label) {
    case 'PGM / RUN BY / DATE':
      header.program = content.slice(0, 20).trim();
      header.runBy = content.slice(20, 40).trim();
      header.date = content.slice(40, 60).trim();
      return;
    case 'DESCRIPTION':
      header.description.push(content.trimEnd());
      return;
    case 'COMMENT':
      header.comments.push(content.trimEnd());
      return;
    case 'EPOCH OF FIRST MAP':
      header.firstEpoch = readEpoch(reader, content, label);
      return;
    case 'EPOCH OF LAST MAP':
      header.lastEpoch = readEpoch(reader, content, label);
      return;
    case 'INTERVAL': {
      const seconds = readNumber(reader, content, label, false);
      if (seconds < 0 || seconds > 366 * 86_400)
        throw failure(reader, `INTERVAL must be a number of seconds from 0, got ${seconds}.`);
      header.interval = Math.round(seconds * 1000);
      return;
    }
    case '# OF MAPS IN FILE':
      header.mapsInFile = whole();
      return;
    case 'MAPPING FUNCTION':
      header.mappingFunction = content.trim() || 'NONE';
      return;
    case 'ELEVATION CUTOFF':
      header.elevationCutoff = optional(() => readNumber(reader, content, label, false), 0);
      return;
    case 'OBSERVABLES USED':
      header.observables = content.trim();
      return;
    case '# OF STATIONS':
      header.stations = optional(whole, 0);
      return;
    case '# OF SATELLITES':
      header.satellites = optional(whole, 0);
      return;
    case 'BASE RADIUS':
      header.baseRadiusKm = readNumber(reader, content, label, false);
      return;
    case 'HGT1 / HGT2 / DHGT':
      header.heights = readAxis(reader, triple(), label);
      checkRange(reader, header.heights, { least: 0, most: 99_999, label });
      return;
    case 'LAT1 / LAT2 / DLAT':
      header.latitudes = readAxis(reader, triple(), label);
      checkRange(reader, header.latitudes, { least: -90, most: 90, label });
      return;
    case 'LON1 / LON2 / DLON':
      header.longitudes = readAxis(reader, triple(), label);
      checkRange(reader, header.longitudes, { least: -360, most: 360, label });
      return;
    case 'EXPONENT':
      header.exponent = readExponent(reader, content);
      return;
    default:
      deviation(reader, `the header must hold known labels, got ${quote(label)}; the line is ignored`);
  }
}

/** The exponent of the unit. @throws IonexError unless it is a whole number from −9 to 9. */
export function readExponent(reader: Reader, content: string): number {
  const exponent = readNumber(reader, content, 'EXPONENT', true);
  if (Math.abs(exponent) > 9)
    throw failure(reader, `EXPONENT must be a whole number from -9 to 9, got ${exponent}.`);
  return exponent;
}

function checkComplete(
  reader: Reader,
  header: Header,
  found: { seen: ReadonlyMap<string, string>; dimension: number | undefined },
): void {
  const missing = NEEDED.filter((label) => !found.seen.has(label));
  if (missing.length > 0) {
    throw failure(reader, `expected ${missing.join(' and ')} in the header, got none. Is the file whole?`);
  }
  for (const label of WANTED) {
    if (!found.seen.has(label)) deviation(reader, `the header must hold ${label}, it is missing`);
  }
  const layers = header.heights.length;
  const dimension = found.dimension ?? (layers > 1 ? 3 : 2);
  if (dimension === 2 && layers > 1) {
    throw failure(
      reader,
      `MAP DIMENSION 2 needs one height, got ${layers} heights. Is MAP DIMENSION 3 meant?`,
    );
  }
  header.dimension = dimension as 2 | 3;
  if (!(header.baseRadiusKm > 0)) {
    deviation(reader, `BASE RADIUS must be positive, got ${header.baseRadiusKm}; 6371 km is assumed`);
    header.baseRadiusKm = 6371;
  }
  const span = Math.abs(header.longitudes[header.longitudes.length - 1]! - header.longitudes[0]!);
  if (span > 360 + 1e-6)
    throw failure(reader, `longitudes must span at most 360°, got ${span}°. Is the header damaged?`);
}
