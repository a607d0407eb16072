// Whatever the text, a reader gives series or throws an IndexError: nothing else, and no hang.

import fc from 'fast-check';
import { describe, it } from 'vitest';
import {
  IndexError,
  type Indices,
  readCelestrak,
  readCelestrakCsv,
  readDst,
  readIndices,
  readKpGfz,
  readKpGfzCsv,
  readKpGfzJson,
  readKpWdc,
  readOmni2,
} from '../../src/index.ts';
import * as rows from './rows.ts';

const START = Date.UTC(2016, 1, 28);
const made: rows.MadeDay = {
  thirds: [0, 1, 2, 8, 9, 10, 26, 27],
  f107: 98.4,
  adjusted: 95.1,
  dst: Array.from({ length: 24 }, (_, hour) => hour - 30),
};

const SAMPLES = [
  rows.gfzDaily(START, made),
  rows.gfzThreeHourly(START, made),
  rows.gfzJson(START, [made]),
  `${rows.GFZ_CSV_HEADER}\n${rows.gfzCsv(START, made)}`,
  rows.kpWdc(START, made),
  rows.celestrakFile([rows.celestrak(START, made)], [rows.celestrak(START, made)]),
  `${rows.CELESTRAK_CSV_HEADER}\n${rows.celestrakCsv(START, made)}`,
  rows.omni2(START, made),
  rows.dstWdc(START, made),
];

const READERS: Record<string, (text: string, options: { lenient: boolean }) => Indices> = {
  readIndices,
  readKpGfz,
  readKpGfzJson,
  readKpGfzCsv,
  readKpWdc,
  readCelestrak,
  readCelestrakCsv,
  readOmni2,
  readDst,
};

/** A sample with a few characters replaced, removed or inserted. */
const damaged = fc
  .tuple(
    fc.constantFrom(...SAMPLES),
    fc.array(
      fc.record({
        at: fc.nat(),
        remove: fc.integer({ min: 0, max: 6 }),
        insert: fc.oneof(
          fc.string({ maxLength: 3 }),
          fc.constantFrom('-1', '99', '\n', '\r', ' ', '0', '1e9', 'NaN', 'null', '[', '"', '\u0000', '٣'),
        ),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([sample, edits]) => {
    let text = sample;
    for (const { at, remove, insert } of edits) {
      const place = at % text.length || 0;
      text = text.slice(0, place) + insert + text.slice(place + remove);
    }
    return text;
  });

function survives(read: (text: string, options: { lenient: boolean }) => Indices, text: string): void {
  for (const lenient of [false, true]) {
    try {
      const indices = read(text, { lenient });
      if (indices.rows < 1) throw new Error('a reader gave no rows and did not throw');
    } catch (error) {
      if (!(error instanceof IndexError)) throw error;
    }
  }
}

describe.each(Object.entries(READERS))('%s', (_, read) => {
  it('survives any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json()), (text) =>
        survives(read, text),
      ),
      { numRuns: 300 },
    );
  });

  it('survives damaged files of any format', () => {
    fc.assert(
      fc.property(damaged, (text) => survives(read, text)),
      { numRuns: 500 },
    );
  });
});

it('readKpGfzJson survives any JSON of the right keys', () => {
  const list = fc.oneof(
    fc.array(fc.jsonValue()),
    fc.jsonValue(),
    fc.array(fc.constantFrom(1, null, -1, 0.333, 'def')),
  );
  const root = fc.record(
    {
      datetime: fc.oneof(list, fc.array(fc.date({ noInvalidDate: true }))),
      Kp: list,
      ap: list,
      Fobs: list,
      status: list,
    },
    { requiredKeys: ['datetime'] },
  );
  fc.assert(
    fc.property(root, (value) => survives(readKpGfzJson, JSON.stringify(value))),
    { numRuns: 500 },
  );
});
