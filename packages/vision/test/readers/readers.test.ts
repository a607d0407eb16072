import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import { imageAt, readCifar10, readIdx, readMnist } from '../../src/index.ts';
import { readMnistFolder } from '../../src/node.ts';

function idx(shape: number[], values: number[], type = 8): Uint8Array {
  const sizes = shape.flatMap((size) => [size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...sizes, ...values]);
}

describe('readIdx', () => {
  it('reads plain and gzipped files', () => {
    const bytes = idx([2, 3], [1, 2, 3, 4, 5, 6]);
    for (const each of [bytes, new Uint8Array(gzipSync(bytes))]) {
      const { shape, data } = readIdx(each);
      expect(shape).toEqual([2, 3]);
      expect([...data]).toEqual([1, 2, 3, 4, 5, 6]);
    }
  });

  it('refuses other types, other sizes, and what is no IDX file', () => {
    expect(() => readIdx(idx([2], [1, 2], 0x0d))).toThrow(
      'expected values of type 0x08 (unsigned byte), got type 0x0d',
    );
    expect(() => readIdx(idx([3], [1, 2]))).toThrow('expected 3 values for [3], got 2');
    expect(() => readIdx(idx([4_000_000_000, 4_000_000_000], [1]))).toThrow('got 1');
    expect(() => readIdx(Uint8Array.from([1, 2, 3, 4]))).toThrow('a file that begins with 00 00');
    expect(() => readIdx(new Uint8Array(2), { file: 'a' })).toThrow('a: idx:');
    expect(() => readIdx(new Uint8Array(gzipSync(idx([2], [1, 2]))).subarray(0, 12))).toThrow('idx:');
  });
});

describe('readMnist', () => {
  const images = idx([2, 1, 2], [9, 8, 7, 6]);

  it('puts images and labels together', () => {
    const digits = readMnist(images, idx([2], [3, 0]));
    expect(digits).toMatchObject({ count: 2, height: 1, width: 2, channels: 1 });
    expect([...digits.labels]).toEqual([3, 0]);
    expect([...imageAt(digits, 1).data]).toEqual([7, 6]);
    expect(() => imageAt(digits, 2)).toThrow('index must be a whole number below 2, got 2');
  });

  it('refuses files that do not belong together', () => {
    expect(() => readMnist(images, idx([3], [1, 2, 3]))).toThrow('as many labels as images, got 3 for 2');
    expect(() => readMnist(idx([2], [1, 2]), images)).toThrow('in this order?');
    expect(() => readMnist(images, idx([2], [1, 10]))).toThrow('from 0 to 9, got 10 for image 1');
  });

  it('finds the four files of a folder, gzipped or plain, also one folder further down', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidecast-mnist-'));
    try {
      await expect(readMnistFolder(folder)).rejects.toThrow('expected train-images-idx3-ubyte.gz in');
      mkdirSync(join(folder, 'mnist'));
      const put = (name: string, bytes: Uint8Array) => writeFileSync(join(folder, 'mnist', name), bytes);
      put('train-images-idx3-ubyte', images);
      put('train-labels-idx1-ubyte.gz', gzipSync(idx([2], [3, 0])));
      put('t10k-images-idx3-ubyte.gz', gzipSync(idx([1, 1, 2], [5, 4])));
      put('t10k-labels-idx1-ubyte', idx([1], [7]));
      const { train, test } = await readMnistFolder(folder);
      expect([...train.labels]).toEqual([3, 0]);
      expect([...test.labels]).toEqual([7]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.skipIf(!hasSharedData)(`reads the whole of MNIST${needsSharedData}`, async () => {
    const { train, test } = await readMnistFolder(sharedData('images'));
    expect(test).toMatchObject({ count: 10_000, height: 28, width: 28 });
    expect([...test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    expect(train.count).toBe(60_000);
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
  });
});

describe('readCifar10', () => {
  it('turns planes into pixels', () => {
    const bytes = new Uint8Array(2 * 3073);
    bytes[3073] = 9;
    // Red, green and blue of the second pixel of the second record.
    for (const [c, value] of [10, 20, 30].entries()) bytes[3073 + 1 + c * 1024 + 1] = value;
    const read = readCifar10(bytes);
    expect([...read.labels]).toEqual([0, 9]);
    expect(read.classes[9]).toBe('truck');
    expect([...imageAt(read, 1).data.subarray(0, 9)]).toEqual([0, 0, 0, 10, 20, 30, 0, 0, 0]);
  });

  it('refuses part of a record, and labels above 9', () => {
    expect(() => readCifar10(new Uint8Array(3072))).toThrow('records of 3073 bytes, got 3072 bytes');
    expect(() => readCifar10(new Uint8Array(3073).fill(10))).toThrow('from 0 to 9, got 10 in record 0');
  });
});
