// What crosses Redis comes out as it went in, and text that nobody of ours wrote becomes data or an error.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePlainData, encodePlainData } from '../../src/node/bullmq/plain-data.ts';

const roundTrip = (value: unknown) => decodePlainData(encodePlainData(value));

describe('plain data as text', () => {
  it('comes back as structured clone copies it: 500 random values', () => {
    const leaf = fc.oneof(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withSparseArray: false,
      }),
      fc.record({ $: fc.string(), v: fc.anything() }),
    );
    fc.assert(
      fc.property(leaf, (value) => {
        expect(roundTrip(value)).toEqual(structuredClone(value));
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it.each([
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['−0', -0],
    ['−Infinity', Number.NEGATIVE_INFINITY],
    ['a bigint', 2n ** 70n],
    ['a date', new Date(1e12)],
    ['no date', new Date(Number.NaN)],
    ['a map of sets', new Map([[{ a: 1 }, new Set([1, undefined])]])],
    ['a key $', { $: 'Map', v: [] }],
    ['a key __proto__', JSON.parse('{"__proto__":{"a":1},"b":2}')],
    ['half a surrogate pair', '\ud800'],
    ['floats', new Float32Array([1.5, Number.NaN, -0])],
    ['part of a buffer', new Float64Array([1, 2, 3, 4]).subarray(1, 3)],
    ['64-bit integers', new BigUint64Array([2n ** 64n - 1n])],
    ['bytes', new Uint8Array([1, 2, 3]).buffer],
    ['a view', new DataView(new Uint8Array([9, 8]).buffer)],
  ])('holds %s', (_, value) => {
    const back = roundTrip(value);
    expect(back).toStrictEqual(value);
    expect(Object.getPrototypeOf(Object(back))).toBe(Object.getPrototypeOf(Object(value)));
  });

  it('holds errors with name and message, and a copy of shared memory', () => {
    expect(roundTrip(new RangeError('too far'))).toMatchObject({ name: 'RangeError', message: 'too far' });
    const shared = new Float32Array(new SharedArrayBuffer(8)).fill(2);
    const back = roundTrip(shared) as Float32Array;
    expect(back).toEqual(new Float32Array([2, 2]));
    expect(back.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it('is the same text for the same value', () => {
    const value = () => ({ b: 1, a: new Float32Array([1, 2]), c: [new Map([['x', 1]])] });
    expect(encodePlainData(value())).toBe(encodePlainData(value()));
  });

  const circle: Record<string, unknown> = {};
  circle.self = circle;
  it.each([
    ['a function', () => 1, /could not be cloned/],
    ['a promise', Promise.resolve(), /could not be cloned/],
    ['a regular expression', /a/, 'a RegExp could not be cloned.'],
    ['what holds itself', circle, 'nested deeper than 200, or holding itself'],
  ])('refuses %s', (_, value, message) => {
    expect(() => encodePlainData(value)).toThrow(message);
  });

  it.each([
    '',
    '{',
    '{"$":"Function","v":"alert(1)"}',
    '{"$":"constructor","v":"AA=="}',
    '{"$":"Float32Array","v":"AAA="}',
    '{"$":"Float32Array","v":[1]}',
    '{"$":"Map","v":{"a":1}}',
    '{"$":"Map","v":[[1,2,3]]}',
    '{"$":"bigint","v":"one"}',
    `${'['.repeat(300)}${']'.repeat(300)}`,
  ])('refuses text of another hand: %j', (text) => {
    expect(() => decodePlainData(text)).toThrow();
  });

  it('never changes the prototype of what it makes', () => {
    const back = decodePlainData('{"__proto__":{"isAdmin":true}}') as Record<string, unknown>;
    expect(back.isAdmin).toBeUndefined();
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
  });
});
