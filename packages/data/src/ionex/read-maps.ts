// The part of an IONEX file after its header: maps one after the other, each a stack of rows.

import { positionOn } from './axis.ts';
import { readEpoch, readNumber, readNumbers } from './fields.ts';
import { IonexError } from './ionex-error.ts';
import type { IonexKind } from './ionex-file.ts';
import { KIND_WORDS, ROW_LABEL, STARTS } from './labels.ts';
import { isBlank, isSameLine, lineText, nextLine, stepBack } from './lines.ts';
import { readAux } from './read-aux.ts';
import { type Header, readExponent } from './read-header.ts';
import { readValues } from './read-values.ts';
import { deviation, failure, quote, type Reader, readLabelled, warn } from './reader.ts';

/** One map as it stood in the file. */
export interface RawMap {
  kind: IonexKind;
  /** Line of its START label. */
  line: number;
  epoch: number;
  exponent: number;
  /** `[heights, latitudes, longitudes]`. */
  values: Float32Array;
}

/** What persists from map to map. */
interface State {
  exponent: number;
  /** Where a header of each row was read before, without a warning; the same bytes mean the same row. */
  rowStarts: Int32Array;
}

/** Reads all maps. COMMENT and EXPONENT lines between them go to `header.comments` and persist. @throws IonexError */
export function readMaps(reader: Reader, header: Header): RawMap[] {
  const { lines } = reader;
  const size = header.heights.length * header.latitudes.length * header.longitudes.length;
  // Every value takes a character and a blank at least, so a grid larger than this was never written in this file.
  if (size * 2 > lines.bytes.length) {
    throw failure(
      reader,
      `expected a map of ${size} values, got a file of ${lines.bytes.length} bytes. Was the download cut off, or is the header damaged?`,
    );
  }
  const maps: RawMap[] = [];
  const rows = header.heights.length * header.latitudes.length;
  const state: State = { exponent: header.exponent, rowStarts: new Int32Array(rows).fill(-1) };
  const counts: Record<IonexKind, number> = { tec: 0, rms: 0, height: 0 };
  while (nextLine(lines)) {
    if (isBlank(lines)) {
      if (lines.next < lines.bytes.length) deviation(reader, 'blank lines are not allowed');
      continue;
    }
    const { content, label } = readLabelled(reader);
    const kind = STARTS.get(label);
    if (kind) {
      const line = lines.number;
      counts[kind]++;
      try {
        checkNumber(reader, content, { number: counts[kind], what: `START OF ${KIND_WORDS[kind]} MAP` });
        maps.push(readMap(reader, header, { kind, line, size, state }));
      } catch (error) {
        if (reader.mode !== 'salvage' || !(error instanceof IonexError)) throw error;
        warn(
          reader,
          `the ${KIND_WORDS[kind]} map of line ${line} is damaged and left out (${error.message})`,
          line,
        );
        skipToBoundary(reader, line, state);
      }
      continue;
    }
    switch (label) {
      case 'END OF FILE':
        checkRest(reader);
        return maps;
      case 'COMMENT':
        header.comments.push(content.trimEnd());
        break;
      case 'EXPONENT':
        state.exponent = readExponent(reader, content);
        break;
      case 'START OF AUX DATA':
        deviation(reader, 'auxiliary data must stand in the header');
        header.aux.push(readAux(reader, content.trim()));
        break;
      case 'IONEX VERSION / TYPE':
        throw twoFiles(reader);
      default: {
        const got = label || lineText(lines).trim();
        const error = failure(
          reader,
          `expected the start of a map or END OF FILE, got ${quote(got)}. Is the file damaged?`,
        );
        if (reader.mode !== 'salvage') throw error;
        warn(reader, 'lines outside the maps are left out', lines.number);
      }
    }
  }
  deviation(reader, 'the file must end with END OF FILE');
  return maps;
}

function twoFiles(reader: Reader): IonexError {
  return failure(reader, 'expected one file, got a second header. Split the file into one for each header.');
}

function checkRest(reader: Reader): void {
  const { lines } = reader;
  while (nextLine(lines)) {
    if (isBlank(lines)) continue;
    if (readLabelled(reader).label === 'IONEX VERSION / TYPE') throw twoFiles(reader);
    deviation(reader, 'nothing may follow END OF FILE; the rest is ignored');
  }
}

function checkNumber(reader: Reader, content: string, expected: { number: number; what: string }): void {
  const { number, what } = expected;
  if (content.trim() === '') deviation(reader, `${what} must carry the map's number`);
  else if (readNumber(reader, content, `${what}: the map's number`, true) !== number)
    deviation(reader, `${what}: maps must be numbered from 1 in steps of 1`);
}

function readMap(
  reader: Reader,
  header: Header,
  map: { kind: IonexKind; line: number; size: number; state: State },
): RawMap {
  const { kind, line, size, state } = map;
  const { lines } = reader;
  const word = KIND_WORDS[kind];
  const { heights, latitudes, longitudes } = header;
  const rows = heights.length * latitudes.length;
  const values = new Float32Array(size);
  const seen = new Uint8Array(rows);
  let seenRows = 0;
  let epoch: number | undefined;
  let exponent: number | undefined;
  const finish = (): RawMap => {
    if (seenRows < rows) {
      throw failure(
        reader,
        `the ${word} map of line ${line} must hold ${rows} rows of latitude, got ${seenRows}. Is the file damaged or cut off?`,
      );
    }
    if (epoch === undefined)
      throw failure(reader, `the ${word} map of line ${line} must hold EPOCH OF CURRENT MAP, it is missing.`);
    return { kind, line, epoch, exponent: exponent ?? state.exponent, values };
  };
  const takeRow = (row: number): void => {
    seen[row] = 1;
    seenRows++;
    const count = longitudes.length;
    readValues(reader, { target: values, offset: row * count, count, exponent: state.exponent });
    exponent = Math.min(exponent ?? state.exponent, state.exponent);
  };
  while (nextLine(lines)) {
    if (isBlank(lines)) {
      deviation(reader, 'blank lines are not allowed');
      continue;
    }
    if (seenRows < rows && !seen[seenRows] && isKnownRow(reader, state, seenRows)) {
      takeRow(seenRows);
      continue;
    }
    const noticed = reader.noticed;
    const { content, label } = readLabelled(reader);
    if (label === ROW_LABEL) {
      const row = rowOf(reader, content, header);
      if (seen[row])
        throw failure(
          reader,
          `the ${word} map of line ${line} must hold each latitude once, got latitude ${content.slice(2, 8).trim()} again.`,
        );
      if (row !== seenRows)
        deviation(reader, 'rows must stand in the order of the header; they were put in their place');
      if (reader.noticed === noticed) state.rowStarts[row] = lines.start;
      takeRow(row);
    } else if (label === 'EPOCH OF CURRENT MAP') {
      const time = readEpoch(reader, content, label);
      if (epoch !== undefined && epoch !== time)
        throw failure(reader, `the ${word} map of line ${line} must have one epoch, got two.`);
      epoch = time;
    } else if (label === 'EXPONENT') {
      state.exponent = readExponent(reader, content);
    } else if (label === 'COMMENT') {
      header.comments.push(content.trimEnd());
    } else if (label === `END OF ${word} MAP`) {
      const raw = finish();
      const number = content.trim();
      if (number !== '' && !/^\d+$/.test(number))
        deviation(reader, `${label} must carry the map's number, got ${quote(number)}`);
      return raw;
    } else if (label.startsWith('END OF') || STARTS.has(label)) {
      const raw = finish();
      deviation(reader, `a map must end with its END OF … MAP, got ${label}`);
      // Another map's end closes this one; a start or the end of the file is for the caller.
      if (label === 'END OF FILE' || STARTS.has(label)) stepBack(lines);
      return raw;
    } else {
      throw failure(
        reader,
        `expected a row or the end of the ${word} map of line ${line}, got ${quote(label || lineText(lines).trim())}. Is the file damaged?`,
      );
    }
  }
  const raw = finish();
  deviation(reader, 'a map must end with its END OF … MAP, got the end of the file');
  return raw;
}

function isKnownRow(reader: Reader, state: State, row: number): boolean {
  const start = state.rowStarts[row]!;
  return start >= 0 && isSameLine(reader.lines, start);
}

/** Which row of a map (heights outside, latitudes inside) a row header means; its longitudes must be the grid's. */
function rowOf(reader: Reader, content: string, header: Header): number {
  const numbers = readNumbers(reader, content, { count: 5, skip: 2, width: 6, what: ROW_LABEL });
  const [latitude, first, last, step, height] = numbers as [number, number, number, number, number];
  const { heights, latitudes, longitudes } = header;
  const row = positionOn(latitudes, latitude);
  if (row < 0) {
    throw failure(
      reader,
      `expected a latitude of the grid ${latitudes[0]} … ${latitudes[latitudes.length - 1]}, got ${latitude}. Is the file damaged?`,
    );
  }
  const end = longitudes.length - 1;
  const gridStep = end === 0 ? 0 : (longitudes[end]! - longitudes[0]!) / end;
  if (Math.abs(first - longitudes[0]!) > 0.06 || Math.abs(last - longitudes[end]!) > 0.06) {
    throw failure(
      reader,
      `expected a row of longitudes ${longitudes[0]} … ${longitudes[end]} as in the header, got ${first} … ${last}. Is the file damaged?`,
    );
  }
  if (Math.abs(step - gridStep) > 0.06 && !(end === 0))
    deviation(reader, "a row must have the header's longitude step");
  let layer = positionOn(heights, height);
  if (layer < 0 && header.dimension === 2) {
    deviation(reader, "a row must have the header's height");
    layer = 0;
  }
  if (layer < 0) {
    throw failure(
      reader,
      `expected a height of the grid ${heights[0]} … ${heights[heights.length - 1]} km, got ${height}. Is the file damaged?`,
    );
  }
  return layer * latitudes.length + row;
}

/** Leaves the damaged map that began on line `started`: the next line is then the first after its end, or a START or END OF FILE. */
function skipToBoundary(reader: Reader, started: number, state: State): void {
  const { lines } = reader;
  // The line that was refused may itself be the boundary.
  stepBack(lines);
  while (nextLine(lines)) {
    if (lines.number === started) continue;
    const text = lineText(lines);
    const label = text.slice(60).trim();
    // An exponent persists, whatever becomes of the map it stands in.
    if (label === 'EXPONENT') state.exponent = readExponent(reader, text.slice(0, 60));
    if (STARTS.has(label) || label === 'END OF FILE' || label === 'IONEX VERSION / TYPE') {
      stepBack(lines);
      return;
    }
    if (/^END OF (TEC|RMS|HEIGHT) MAP$/.test(label)) return;
  }
}
