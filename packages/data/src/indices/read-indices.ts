// One door for every file of indices: looks at the content, never at the name, and picks the reader.

import { readCelestrak, readCelestrakCsv } from './celestrak.ts';
import { DST_ROW, readDst } from './dst.ts';
import { quote } from './fields.ts';
import { readKpGfzCsv } from './gfz-csv.ts';
import { readKpGfzJson } from './gfz-json.ts';
import { DAILY_FIELDS, readKpGfz, THREE_HOURLY_FIELDS } from './gfz-text.ts';
import { IndexError } from './index-error.ts';
import { readKpWdc } from './kp-wdc.ts';
import { OMNI2_FIELDS, readOmni2 } from './omni2.ts';
import type { IndexFormat, IndexOptions, Indices } from './types.ts';

const READERS: Record<IndexFormat, (text: string, options?: IndexOptions) => Indices> = {
  'gfz-daily': readKpGfz,
  'gfz-3h': readKpGfz,
  'gfz-json': readKpGfzJson,
  'gfz-csv': readKpGfzCsv,
  'kp-wdc': readKpWdc,
  celestrak: readCelestrak,
  'celestrak-csv': readCelestrakCsv,
  omni2: readOmni2,
  'dst-wdc': readDst,
};

const KNOWN =
  "GFZ text, JSON or CSV, WDC Kp, CelesTrak SW-All text or CSV, OMNI2 hourly, and Kyoto's Dst in WDC format";

/** How much of a text is looked at to tell its format [characters]. */
const HEAD = 65_536;

/**
 * Reads a file of geophysical indices (text, already unpacked), telling its format from its content.
 * @throws IndexError if the format is none of those known, or for the reasons of its reader
 */
export function readIndices(
  text: string,
  options: IndexOptions & { format?: IndexFormat | 'auto' } = {},
): Indices {
  const { format = 'auto', ...rest } = options;
  if (format !== 'auto') {
    if (!Object.hasOwn(READERS, format)) {
      throw new IndexError(
        `format must be 'auto' or one of ${Object.keys(READERS).join(', ')}, got '${format}'.`,
      );
    }
    return READERS[format](text, rest);
  }
  const found = detectIndexFormat(text);
  if (!found) throw new IndexError(`no format known here. ${describe(text)} Known: ${KNOWN}.`);
  return READERS[found](text, rest);
}

/** The format of a file of indices, from its first lines; undefined if it is none of those known. */
export function detectIndexFormat(text: string): IndexFormat | undefined {
  const head = text.slice(0, HEAD).replace(/^\ufeff/, '');
  if (/^\s*\{/.test(head)) return /"datetime"/.test(head) ? 'gfz-json' : undefined;
  const line = firstDataLine(head);
  if (line === undefined) return undefined;
  if (/^DATATYPE\s+\w*SpaceWeather/.test(line) || /^NUM_OBSERVED_POINTS/.test(line)) return 'celestrak';
  if (/^BEGIN OBSERVED/.test(line)) return 'celestrak';
  if (/^DATE,BSRN,/.test(line)) return 'celestrak-csv';
  if (/^Date,(?:.*,)?K_00,/.test(line)) return 'gfz-csv';
  if (DST_ROW.test(line)) return 'dst-wdc';
  const fields = line.trim().split(/\s+/).length;
  if (/^\d{4} \d{2} \d{2} /.test(line)) {
    if (fields === DAILY_FIELDS) return 'gfz-daily';
    if (fields === THREE_HOURLY_FIELDS) return 'gfz-3h';
  }
  if (/^\d{4} +\d{1,3} +\d{1,2} /.test(line) && fields >= OMNI2_FIELDS.least && fields <= OMNI2_FIELDS.most) {
    return 'omni2';
  }
  if (/^[ \d]\d[ \d]\d[ \d]\d[ \d]{4}[ \d]\d[ \d]{16}/.test(line) && line.length >= 55 && line.length <= 80)
    return 'kp-wdc';
  return undefined;
}

function firstDataLine(head: string): string | undefined {
  return head.split(/\r\n|\n|\r/).find((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** What the text looks like, to help find the mistake. */
function describe(text: string): string {
  const head = text.slice(0, HEAD);
  if (head.startsWith('\u001f') || head.startsWith('PK')) return 'This is still compressed: unpack it first.';
  if (/^\s*</.test(head)) return 'This looks like a web page: is it a failed download?';
  const line = firstDataLine(head);
  return line === undefined ? 'There is no data in it.' : `It begins with ${quote(line)}.`;
}
