import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import { type IonexToSeriesOptions, ionexToSeries } from '../../src/ionex/ionex-to-series.ts';
import { readIonex } from '../../src/ionex/read-ionex.ts';
import { HOUR, lengthOf } from '../../src/series.ts';

/** The series of all real files whose name matches. */
function join(pattern: RegExp, options: IonexToSeriesOptions = {}) {
  const names = readdirSync(sharedData('ionex')).filter((name) => pattern.test(name));
  const files = names.map((file) => readIonex(readFileSync(sharedData(`ionex/${file}`)), { file }));
  return ionexToSeries(files.reverse(), options);
}

describe.skipIf(!hasSharedData)(`ionexToSeries on real files${needsSharedData}`, () => {
  it('seven days of JPL: 85 maps; midnights differ by up to 12.9 TECU', () => {
    const { series, gaps, repeated } = join(/^jplg2[67]\d0\.12i/);
    expect(lengthOf(series)).toBe(85);
    expect(series).toMatchObject({ start: Date.parse('2012-09-23T00:00Z'), step: 2 * HOUR, shape: [71, 73] });
    expect(gaps).toEqual([]);
    expect(series.values.some(Number.isNaN)).toBe(false);
    expect(repeated.every((each) => each.boundary)).toBe(true);
    const differences = repeated.map((each) => Number(each.largestDifference.toFixed(1)));
    expect(differences).toEqual([4.4, 12.9, 6.1, 9.7, 7.8, 3.7]);
  });

  it.each([
    [/^esag/, 37, 2 * HOUR, 12.2],
    [/^codg00.0\.20i/, 49, HOUR, 0.3],
    [/^igsg00.0\.16i/, 25, 2 * HOUR, 3.4],
    [/^igrg/, 25, 2 * HOUR, 8.5],
    [/^orekit_split/, 7, HOUR, 0],
  ] as const)('%s: %i maps', (pattern, count, step, difference) => {
    const { series, repeated } = join(pattern);
    expect(lengthOf(series)).toBe(count);
    expect(series.step).toBe(step);
    expect(Math.max(...repeated.map((each) => each.largestDifference))).toBeCloseTo(difference, 4);
  });

  it('three parts of a day are the beginning of the whole', () => {
    const whole = join(/^orekit_gpsg/).series.values;
    const parts = join(/^orekit_split/).series.values;
    expect(parts.length).toBe(7 * 71 * 73);
    expect(parts.every((value, i) => value === whole[i])).toBe(true);
    expect(lengthOf(join(/^orekit_(split|gpsg)/).series)).toBe(25);
  });

  it('maps at 01, 03 … 23 begin at 01:00', () => {
    const { series } = join(/^upcg/);
    expect(series.start).toBe(Date.parse('2000-01-01T01:00Z'));
    expect(lengthOf(series)).toBe(12);
  });

  it('a missing day is a gap of eleven maps', () => {
    const { series, gaps } = join(/^jplg26[79]0\.12i/);
    expect(lengthOf(series)).toBe(37);
    expect(gaps).toEqual([
      { start: Date.parse('2012-09-24T02:00Z'), end: Date.parse('2012-09-24T22:00Z'), samples: 11 },
    ]);
  });

  it('refuses different products, heights, steps, and days that are months apart', () => {
    expect(() => join(/^(igsg|c1pg)3000/)).toThrow(/equal maps.*43\.70 in (igsg|c1pg)3000/);
    expect(() => join(/^(igsg|ckmg)3000/)).toThrow(/450 km|350 km/);
    expect(() => join(/^(codg0080|esag0090)/)).toThrow(
      /60 min in codg0080.20i.Z and 120 min in esag0090.20i.Z/,
    );
    expect(() => join(/^jplg(0310|2670)\.12i/)).toThrow(/got 235 days/);
  });

  it('a change of step is resampled on request', () => {
    const coarse = join(/^(codg0080|esag0090)/, { onStepChange: { resampleTo: 2 * HOUR } });
    expect([lengthOf(coarse.series), coarse.interpolated, coarse.leftOut]).toEqual([25, 0, 12]);
    expect(coarse.series.channels[0]).toEqual({ name: 'tec', unit: 'TECU' });
    const fine = join(/^(codg0080|esag0090)/, { onStepChange: { resampleTo: HOUR } });
    expect([lengthOf(fine.series), fine.interpolated, fine.leftOut]).toEqual([49, 12, 0]);
    expect(fine.series.channels[0]!.latency).toBe(HOUR);
  });
});
