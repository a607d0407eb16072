// What every part of the reader shares: the place in the file, the mode, the warnings, and how to complain.

import { IonexError } from './ionex-error.ts';
import type { IonexWarning } from './ionex-file.ts';
import { KNOWN_LABELS } from './labels.ts';
import { type Labelled, type Lines, labelled } from './lines.ts';

/**
 * How to meet a file that does not follow the standard.
 * `strict`: any deviation is an error.
 * `lenient`: deviations that change no value become warnings; damaged maps are an error.
 * `salvage`: damaged maps are also left out, each with a warning.
 */
export type IonexMode = 'strict' | 'lenient' | 'salvage';

/** The state of one reading. */
export interface Reader {
  lines: Lines;
  mode: IonexMode;
  file: string | undefined;
  warnings: Map<string, IonexWarning>;
  /** How often anything was warned of. */
  noticed: number;
}

/** Different messages kept before the rest is only counted. */
const MAX_WARNINGS = 200;

/** An error at the current line. `expectation` says what was expected and what was found; `fix` what to do. */
export function failure(reader: Reader, expectation: string, line = reader.lines.number): IonexError {
  return new IonexError(expectation, { file: reader.file, line });
}

/** Meets a deviation from the standard that changes no value: an error if strict, else a warning. */
export function deviation(reader: Reader, message: string, line = reader.lines.number): void {
  if (reader.mode === 'strict') {
    throw failure(reader, `${message}. Read with mode 'lenient' to accept this.`, line);
  }
  warn(reader, message, line);
}

/** Adds a warning; the same message again only raises its count. */
export function warn(reader: Reader, message: string, line: number): void {
  const { warnings } = reader;
  reader.noticed++;
  const text =
    warnings.size < MAX_WARNINGS || warnings.has(message) ? message : 'further warnings were left out';
  const seen = warnings.get(text);
  if (seen) seen.count++;
  else warnings.set(text, { line, message: text, count: 1 });
}

/** The current line, split at its label; a misplaced or lower-case label is a deviation. */
export function readLabelled(reader: Reader): Labelled {
  const line = labelled(reader.lines, KNOWN_LABELS);
  if (line.label && !line.exact) {
    deviation(reader, `the label ${line.label} must begin in column 61, in upper case`);
  }
  return line;
}

/** Quotes a piece of a damaged file for a message: short and printable. */
export function quote(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return `'${short.replace(/[^ -~…\u00a0-\uffff]/g, '?')}'`;
}
