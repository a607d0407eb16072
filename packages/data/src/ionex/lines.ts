// Walks over the lines of a file as bytes, without making strings of the many lines that hold only numbers.

const LF = 10;
const CR = 13;
const BLANK = 32;

/** A place in a text: the current line is `bytes[start … end)`, its number counts from 1. */
export interface Lines {
  bytes: Uint8Array;
  start: number;
  end: number;
  number: number;
  /** Where the next line begins. */
  next: number;
}

/** A line that carries a label: what stands in columns 1–60, and the label after it. */
export interface Labelled {
  content: string;
  /** Upper case, without blanks around it. Empty for a line of numbers. */
  label: string;
  /** False if the label does not begin in column 61, or is not in upper case. */
  exact: boolean;
}

/** A walk over `bytes`, before the first line. */
export function createLines(bytes: Uint8Array): Lines {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  return { bytes, start: bom, end: bom, number: 0, next: bom };
}

/** Moves to the next line (ended by LF, CR LF or CR). False at the end of the file. */
export function nextLine(lines: Lines): boolean {
  const { bytes } = lines;
  const length = bytes.length;
  if (lines.next >= length) return false;
  lines.start = lines.next;
  lines.number++;
  let at = lines.start;
  while (at < length) {
    const byte = bytes[at]!;
    if (byte === LF || byte === CR) break;
    at++;
  }
  lines.end = at;
  lines.next = bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : at + 1;
  return true;
}

/** Moves to the next line if it ends at `end`, as its reader found out. False if there is no line end there. */
export function acceptLine(lines: Lines, end: number): boolean {
  const { bytes } = lines;
  const byte = bytes[end];
  if (byte !== LF && byte !== CR && end < bytes.length) return false;
  lines.start = lines.next;
  lines.end = end;
  lines.number++;
  lines.next = byte === CR && bytes[end + 1] === LF ? end + 2 : end + 1;
  return true;
}

/** True if the current line is the same as the one that starts at `start`. */
export function isSameLine(lines: Lines, start: number): boolean {
  const { bytes } = lines;
  const length = lines.end - lines.start;
  for (let i = 0; i < length; i++) if (bytes[lines.start + i] !== bytes[start + i]) return false;
  const after = bytes[start + length];
  return after === LF || after === CR;
}

/** Makes the current line come again. */
export function stepBack(lines: Lines): void {
  lines.next = lines.start;
  lines.number--;
}

/** True if the current line holds nothing but blanks, tabs, and the padding bytes NUL and Ctrl-Z. */
export function isBlank(lines: Lines): boolean {
  for (let i = lines.start; i < lines.end; i++) {
    const byte = lines.bytes[i]!;
    if (byte !== BLANK && byte !== 9 && byte !== 0 && byte !== 0x1a) return false;
  }
  return true;
}

/** The current line as text: UTF-8, of which ASCII is a part; other bytes become the replacement character. */
export function lineText(lines: Lines): string {
  const { bytes, start, end } = lines;
  // A line longer than this is no line of a map file; its beginning is enough to say so.
  const last = Math.min(end, start + 4000);
  let text = '';
  for (let i = start; i < last; i++) {
    const byte = bytes[i]!;
    if (byte > 127) return new TextDecoder().decode(bytes.subarray(start, last));
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * Splits the current line into content and label. A label that is one of `known` is also found away from its column,
 * at the end of the line; then the content is what stands before it.
 */
export function labelled(lines: Lines, known: ReadonlySet<string>): Labelled {
  const text = lineText(lines);
  const written = text.slice(60);
  const trimmed = written.trim();
  if (known.has(trimmed)) return { content: text.slice(0, 60), label: trimmed, exact: written[0] !== ' ' };
  const line = text.trimEnd().toUpperCase();
  let found = '';
  for (const label of known) {
    if (label.length > found.length && line.endsWith(label)) found = label;
  }
  if (found) {
    return { content: text.slice(0, Math.min(60, line.length - found.length)), label: found, exact: false };
  }
  return {
    content: text.slice(0, 60),
    label: /[a-z#]/i.test(trimmed) ? trimmed.toUpperCase() : '',
    exact: true,
  };
}
