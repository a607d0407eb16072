// Every real file, against counts that were taken from the files by hand (grep and awk), not by this reader.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import { decompress } from '../../src/compression/decompress.ts';
import { IonexError } from '../../src/ionex/ionex-error.ts';
import { IONEX_KINDS, type IonexFile } from '../../src/ionex/ionex-file.ts';
import { readIonex } from '../../src/ionex/read-ionex.ts';
import { writeIonex } from '../../src/ionex/write-ionex.ts';
import { readIonexFile } from '../../src/node.ts';

interface Expected {
  tec: number;
  rms: number;
  first: string;
  last: string;
  heightKm?: number;
  missing?: number;
  /** What strict says, for files that do not follow the standard. */
  deviation?: RegExp;
}

const day = (first: string, last: string, tec: number, rms: number): Expected => ({
  tec,
  rms,
  first: `${first}T00:00Z`,
  last: `${last}T00:00Z`,
});
const noEnd = /END OF FILE/;

const files: Record<string, Expected> = {
  'CKMG0020.22I.gz': { ...day('2022-01-02', '2022-01-03', 25, 0), heightKm: 350 },
  'CKMG0090.21I.gz': { ...day('2021-01-09', '2021-01-10', 25, 0), heightKm: 350 },
  'COD0OPSFIN_20250010000_01D_01H_GIM.INX.gz': day('2025-01-01', '2025-01-02', 25, 25),
  'CODG2580.11I.gz': day('2011-09-15', '2011-09-16', 13, 13),
  'IGS0OPSFIN_20243490000_01D_02H_GIM.INX.gz': day('2024-12-14', '2024-12-15', 13, 13),
  'c1pg3000.14i.gz': day('2014-10-27', '2014-10-28', 13, 0),
  'ckmg3000.14i.gz': { ...day('2014-10-27', '2014-10-28', 25, 0), heightKm: 350 },
  'codg0080.20i.Z': day('2020-01-08', '2020-01-09', 25, 25),
  'codg0090.20i.Z': day('2020-01-09', '2020-01-10', 25, 25),
  'codg2930.11i.gz': day('2011-10-20', '2011-10-21', 13, 13),
  'esag0080.20i.Z': day('2020-01-08', '2020-01-09', 13, 13),
  'esag0090.20i.Z': day('2020-01-09', '2020-01-10', 13, 13),
  'esag0100.20i.Z': day('2020-01-10', '2020-01-11', 13, 13),
  'igrg3380.10i.gz': { ...day('2010-12-04', '2010-12-05', 13, 13), deviation: noEnd },
  'igrg3390.10i.gz': { ...day('2010-12-05', '2010-12-06', 13, 13), deviation: noEnd },
  'igsg0020.16i.Z': day('2016-01-02', '2016-01-03', 13, 13),
  'igsg0030.16i.Z': day('2016-01-03', '2016-01-04', 13, 13),
  'igsg3000.14i.gz': day('2014-10-27', '2014-10-28', 13, 13),
  'igsg_no_end_of_file_label.01i.gz': {
    tec: 12,
    rms: 12,
    first: '2001-01-01T01:00Z',
    last: '2001-01-01T23:00Z',
    deviation: noEnd,
  },
  'jplg0010.17i.gz': day('2017-01-01', '2017-01-02', 13, 13),
  'jplg0310.12i.Z': day('2012-01-31', '2012-02-01', 13, 13),
  'jplg2490.18i.Z': day('2018-09-06', '2018-09-07', 13, 13),
  'jplg2670.12i.Z': day('2012-09-23', '2012-09-24', 13, 13),
  'jplg2680.12i.Z': day('2012-09-24', '2012-09-25', 13, 13),
  'jplg2690.12i.Z': day('2012-09-25', '2012-09-26', 13, 13),
  'jplg2700.12i.Z': day('2012-09-26', '2012-09-27', 13, 13),
  'jplg2710.12i.Z': day('2012-09-27', '2012-09-28', 13, 13),
  'jplg2720.12i.Z': day('2012-09-28', '2012-09-29', 13, 13),
  'jplg2730.12i.Z': day('2012-09-29', '2012-09-30', 13, 13),
  'orekit_gpsg0150.19i.gz': { ...day('2019-01-15', '2019-01-16', 25, 0), heightKm: 350 },
  'orekit_split-1.19i.gz': {
    tec: 3,
    rms: 0,
    first: '2019-01-15T00:00Z',
    last: '2019-01-15T02:00Z',
    heightKm: 350,
  },
  'orekit_split-2.19i.gz': {
    tec: 3,
    rms: 0,
    first: '2019-01-15T02:00Z',
    last: '2019-01-15T04:00Z',
    heightKm: 350,
  },
  'orekit_split-3.19i.gz': {
    tec: 3,
    rms: 0,
    first: '2019-01-15T04:00Z',
    last: '2019-01-15T06:00Z',
    heightKm: 350,
    deviation: /END OF FILE must begin in column 61/,
  },
  'upcg-like_ionex_file.00i.gz': {
    tec: 12,
    rms: 12,
    first: '2000-01-01T01:00Z',
    last: '2000-01-01T23:00Z',
    missing: 1536,
  },
};
const refused: Record<string, RegExp> = {
  'orekit_missing-epoch-header-gpsg0150.19i':
    /line 16: expected EPOCH OF FIRST MAP and EPOCH OF LAST MAP in the header, got none/,
  'orekit_missing-lat-lon-header-gpsg0150.19i':
    /line 16: expected LAT1 \/ LAT2 \/ DLAT and LON1 \/ LON2 \/ DLON in the header, got none/,
};

const missingOf = (values: Float32Array) =>
  values.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);

/** Everything but the values, which are too many for a readable comparison. */
function bare(file: IonexFile) {
  const maps = IONEX_KINDS.map((kind) => ({ ...file.maps[kind], values: file.maps[kind].values.length }));
  return { ...file, maps };
}

function sameValues(a: IonexFile, b: IonexFile): boolean {
  return IONEX_KINDS.every((kind) =>
    Buffer.from(a.maps[kind].values.buffer).equals(Buffer.from(b.maps[kind].values.buffer)),
  );
}

describe.skipIf(!hasSharedData)(`readIonex on real files${needsSharedData}`, () => {
  it('the table names every file there is', () => {
    expect([...Object.keys(files), ...Object.keys(refused)].sort()).toEqual(
      readdirSync(sharedData('ionex')).sort(),
    );
  });

  it.each(Object.entries(files))('%s', async (name, expected) => {
    const path = sharedData(`ionex/${name}`);
    const file = await readIonexFile(path);
    expect(file.file).toBe(name);
    expect(file.grid.latitudes).toEqual(Array.from({ length: 71 }, (_, i) => 87.5 - 2.5 * i));
    expect(file.grid.longitudes).toEqual(Array.from({ length: 73 }, (_, i) => -180 + 5 * i));
    expect(file.grid.heightKm).toBe(expected.heightKm ?? 450);
    expect(file).toMatchObject({ version: 1, dimension: 2, exponent: -1, baseRadiusKm: 6371 });
    for (const kind of ['tec', 'rms'] as const) {
      const { epochs, values } = file.maps[kind];
      expect(epochs).toHaveLength(expected[kind]);
      expect(values).toHaveLength(expected[kind] * 71 * 73);
      expect(missingOf(values)).toBe(expected[kind] ? (expected.missing ?? 0) : 0);
      if (expected[kind] === 0) continue;
      expect(epochs[0]).toBe(Date.parse(expected.first));
      expect(epochs[epochs.length - 1]).toBe(Date.parse(expected.last));
      expect(new Set(epochs.slice(1).map((epoch, i) => epoch - epochs[i]!))).toEqual(
        new Set([file.interval]),
      );
    }
    expect(file.maps.height.epochs).toHaveLength(0);
    expect(file.warnings).toHaveLength(expected.deviation ? 1 : 0);

    const bytes = readFileSync(path);
    const strict = () => readIonex(bytes, { mode: 'strict', file: name });
    if (expected.deviation) expect(strict).toThrow(expected.deviation);
    else {
      const again = strict();
      expect(bare(again)).toEqual(bare(file));
      expect(sameValues(again, file)).toBe(true);
    }
  });

  it.each(Object.entries(refused))('%s is refused in every mode', (name, message) => {
    const bytes = readFileSync(sharedData(`ionex/${name}`));
    for (const mode of ['strict', 'lenient', 'salvage'] as const) {
      expect(() => readIonex(bytes, { mode, file: name })).toThrow(IonexError);
      expect(() => readIonex(bytes, { mode, file: name })).toThrow(message);
    }
  });

  it('values equal those of a reading by plain slices', () => {
    for (const name of ['esag0090.20i.Z', 'upcg-like_ionex_file.00i.gz', 'c1pg3000.14i.gz']) {
      const bytes = readFileSync(sharedData(`ionex/${name}`));
      const file = readIonex(bytes);
      const text = new TextDecoder().decode(decompress(bytes));
      const rows = text.slice(text.indexOf('END OF HEADER')).split('\n');
      const numbers = rows
        .filter((row) => /^[ \d-]{45,}$/.test(row))
        .flatMap((row) => row.trimEnd().match(/.{5}/g)!.map(Number));
      const values = [...file.maps.tec.values, ...file.maps.rms.values];
      expect(numbers).toHaveLength(values.length);
      expect(
        numbers.every(
          (number, i) => number === (Number.isNaN(values[i]) ? 9999 : Math.round(values[i]! * 10)),
        ),
      ).toBe(true);
    }
  });

  it('known points come out as they stand in the files', () => {
    const value = (name: string, map: number, latitude: number, longitude: number) => {
      const { grid, maps } = readIonex(readFileSync(sharedData(`ionex/${name}`)));
      const row = grid.latitudes.indexOf(latitude);
      return maps.tec.values[(map * 71 + row) * 73 + grid.longitudes.indexOf(longitude)];
    };
    expect(value('jplg2670.12i.Z', 0, 10, 0)).toBe(Math.fround(27.4));
    expect(value('jplg2670.12i.Z', 0, 10, -180)).toBe(Math.fround(68.8));
    expect(value('codg0080.20i.Z', 12, -20, 0)).toBe(Math.fround(18.2));
    expect(value('codg0080.20i.Z', 12, -20, 175)).toBe(Math.fround(7.6));
  });

  it('write → read gives the file back', () => {
    for (const name of ['codg0080.20i.Z', 'upcg-like_ionex_file.00i.gz', 'igsg3000.14i.gz']) {
      const file = readIonex(readFileSync(sharedData(`ionex/${name}`)), { file: name });
      const again = readIonex(writeIonex(file), { mode: 'strict', file: name });
      expect(bare(again)).toEqual(bare(file));
      expect(sameValues(again, file)).toBe(true);
    }
  });
});
