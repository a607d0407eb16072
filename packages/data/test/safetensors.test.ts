import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../src/safetensors.ts';

/** A file with the given header text and data bytes. */
function file(header: string, data = new Uint8Array(0), declared?: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(declared ?? json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const entry = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('safetensors', () => {
  it('writes the layout of the format, byte for byte', () => {
    const bytes = encodeSafetensors({ a: { shape: [2], data: Float32Array.of(1, -2) } });
    const header = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'.padEnd(56);
    expect(bytes).toEqual(file(header, Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0)));
  });

  it('reads what the Python package safetensors 0.8.0 writes', () => {
    // save({'w': [[1, -2], [0.5, nan]], 'b': [], 's': 3}, {'note': 'x'}), all float32.
    const hex =
      'c0000000000000007b225f5f6d657461646174615f5f223a7b226e6f7465223a2278227d2c2262223a7b226474797065223a22463332' +
      '222c227368617065223a5b305d2c22646174615f6f666673657473223a5b302c305d7d2c2273223a7b226474797065223a2246333222' +
      '2c227368617065223a5b5d2c22646174615f6f666673657473223a5b302c345d7d2c2277223a7b226474797065223a22463332222c22' +
      '7368617065223a5b322c325d2c22646174615f6f666673657473223a5b342c32305d7d7d2020000040400000803f000000c00000003f' +
      '0000c07f';
    const bytes = Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
      Number.parseInt(hex.substr(2 * i, 2), 16),
    );
    const { tensors, metadata } = decodeSafetensors(bytes);
    expect({ ...metadata }).toEqual({ note: 'x' });
    expect({ ...tensors }).toEqual({
      w: { shape: [2, 2], data: Float32Array.of(1, -2, 0.5, Number.NaN) },
      b: { shape: [0], data: new Float32Array(0) },
      s: { shape: [], data: Float32Array.of(3) },
    });
    // Written again in the same order, the bytes are the same.
    expect(encodeSafetensors(tensors, metadata)).toEqual(bytes);
  });

  it('reads halves, bfloat16 and whole numbers as the float32 that they are', () => {
    const halves = [0x3c00, 0xc000, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0xfe00, 0x3555, 0x8000];
    const brains = [0x3f80, 0xc000, 0x4049, 0x0001];
    const data = new Uint8Array(42);
    const view = new DataView(data.buffer);
    for (const [i, bits] of [...halves, ...brains].entries()) view.setUint16(2 * i, bits, true);
    view.setBigInt64(26, 16_777_216n, true);
    view.setBigInt64(34, -3n, true);
    const entries = [
      `"h":${entry([9], [0, 18], 'F16')}`,
      `"b":${entry([4], [18, 26], 'BF16')}`,
      `"i":${entry([2], [26, 42], 'I64')}`,
    ];
    const { tensors } = decodeSafetensors(file(`{${entries.join(',')}}`, data));
    expect(tensors.h!.data).toEqual(
      Float32Array.of(
        1,
        -2,
        2 ** -24,
        1023 * 2 ** -24,
        65504,
        Number.POSITIVE_INFINITY,
        Number.NaN,
        0.333251953125,
        -0,
      ),
    );
    expect(tensors.b!.data).toEqual(Float32Array.of(1, -2, 3.140625, 2 ** -133));
    expect(tensors.i!.data).toEqual(Float32Array.of(16_777_216, -3));
  });

  it('keeps names that mean something to JavaScript apart from the objects it makes', () => {
    const bytes = file(
      `{"__proto__":${entry([1], [0, 4])},"constructor":${entry([0], [4, 4])}}`,
      new Uint8Array(4),
    );
    const { tensors } = decodeSafetensors(bytes);
    expect(Object.keys(tensors)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(tensors)).toBeNull();
    expect(tensors.toString).toBeUndefined();
    expect(({} as Record<string, unknown>).shape).toBeUndefined();
  });

  it('reads a Node Buffer that is a part of a pool', () => {
    const bytes = encodeSafetensors({ a: { shape: [2], data: Float32Array.of(1, -2) } });
    const pool = Buffer.alloc(bytes.length + 8);
    pool.set(bytes, 3);
    const { tensors } = decodeSafetensors(pool.subarray(3, 3 + bytes.length));
    expect([...tensors.a!.data]).toEqual([1, -2]);
  });

  it('reads back what it wrote, bit for bit', () => {
    const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) => {
      const size = shape.reduce((product, each) => product * each, 1);
      return fc
        .uint8Array({ minLength: 4 * size, maxLength: 4 * size })
        .map((raw) => ({ shape, data: new Float32Array(raw.slice().buffer) }));
    });
    const name = fc.string().filter((text) => text !== '__metadata__' && text !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(name, tensor), fc.dictionary(name, fc.string()), (tensors, metadata) => {
        const decoded = decodeSafetensors(encodeSafetensors(tensors, metadata));
        expect(Object.keys(decoded.tensors).sort()).toEqual(Object.keys(tensors).sort());
        expect({ ...decoded.metadata }).toEqual({ ...metadata });
        for (const [key, { shape, data }] of Object.entries(tensors)) {
          expect(decoded.tensors[key]!.shape).toEqual(shape);
          expect(new Uint8Array(decoded.tensors[key]!.data.buffer)).toEqual(new Uint8Array(data.buffer));
        }
      }),
    );
  });

  it.each([
    ['nothing', new Uint8Array(3), 'has 3 bytes'],
    ['a header longer than the file', file('{}', undefined, 99), 'header ends at byte 107 of 10'],
    ['an absurd header length', file('{}', undefined, 2 ** 40), 'more than the format allows'],
    [
      'text',
      new TextEncoder().encode('PK\u0003\u0004 some archive or other text'),
      'more than the format allows',
    ],
    ['another JSON', file('[1, 2]'), 'does not begin with {'],
    ['no JSON', file('{oops'), 'not JSON'],
    [
      'another type',
      file(`{"a":${entry([1], [0, 8], 'F64')}}`, new Uint8Array(8)),
      'only F32, F16, BF16, I64 are read',
    ],
    [
      'half a value',
      file(`{"a":${entry([1], [0, 4], 'F16')}}`, new Uint8Array(4)),
      'needs 2 bytes, and has 4',
    ],
    [
      'a number too large',
      file(`{"a":${entry([1], [0, 8], 'I64')}}`, new Uint8Array([1, 0, 0, 1, 0, 0, 0, 0])),
      'holds 16777217',
    ],
    ['a negative shape', file(`{"a":${entry([-1], [0, 4])}}`, new Uint8Array(4)), 'no valid shape'],
    ['offsets beyond the end', file(`{"a":${entry([2], [0, 8])}}`, new Uint8Array(4)), 'bytes 0 to 8 of 4'],
    [
      'a shape that does not fit',
      file(`{"a":${entry([2], [0, 4])}}`, new Uint8Array(4)),
      'needs 8 bytes, and has 4',
    ],
    [
      'overlap',
      file(`{"a":${entry([1], [0, 4])},"b":${entry([1], [0, 4])}}`, new Uint8Array(4)),
      "'b' begins at byte 0 of the data, where 4 was expected",
    ],
    ['bytes left over', file(`{"a":${entry([1], [0, 4])}}`, new Uint8Array(9)), 'and there are 9'],
    [
      'a name twice, however it is spelled',
      file(`{"a":${entry([1], [0, 4])},"\\u0061":${entry([1], [4, 8])}}`, new Uint8Array(8)),
      'its header names "a" twice',
    ],
    [
      'an offset given twice',
      file('{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,4],"data_offsets":[0,0]}}'),
      'its header names "data_offsets" twice',
    ],
    ['a shape beyond all numbers', file(`{"a":${entry([1e15, 1e15, 0], [0, 0])}}`), 'no valid shape'],
    ['metadata of another kind', file('{"__metadata__":{"a":1}}'), '__metadata__ is not a map of texts'],
  ])('refuses %s with the reason', (_, bytes, reason) => {
    expect(() => decodeSafetensors(bytes)).toThrow(reason);
  });

  it('survives damage anywhere: every flipped or missing byte decodes or is refused by name', () => {
    const whole = encodeSafetensors(
      {
        a: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
        b: { shape: [1], data: Float32Array.of(5) },
      },
      { note: 'x' },
    );
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
        const bytes = whole.slice(0, length);
        if (at < bytes.length) bytes[at] = value;
        try {
          decodeSafetensors(bytes);
        } catch (error) {
          expect((error as Error).message).toMatch(/^safetensors: /);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses an array that does not fill its shape', () => {
    expect(() => encodeSafetensors({ a: { shape: [3], data: new Float32Array(2) } })).toThrow(
      'must have 3 values, got 2',
    );
  });
});
