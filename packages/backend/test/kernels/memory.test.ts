import { describe, expect, it } from 'vitest';
import { checkMemory } from '../../scripts/check-memory.mjs';
import { relaxed } from '../../src/kernels/generated/relaxed.ts';
import { simd } from '../../src/kernels/generated/simd.ts';

const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'));

describe('the kernels have no memory and no data of their own', () => {
  it.each([
    ['simd', bytesOf(simd)],
    ['relaxed', bytesOf(relaxed)],
  ])('%s', (name, binary) => {
    expect(() => checkMemory(name, binary)).not.toThrow();
  });

  it('and import nothing but the memory', () => {
    const module = new WebAssembly.Module(bytesOf(simd));
    expect(WebAssembly.Module.imports(module)).toEqual([{ module: 'env', name: 'memory', kind: 'memory' }]);
    expect(WebAssembly.Module.exports(module).every(({ kind }) => kind === 'function')).toBe(true);
  });

  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  it.each([
    ['a memory section', [5, 3, 1, 0, 1]],
    ['a data section', [11, 1, 0]],
    ['a data count section behind others', [3, 1, 0, 12, 1, 0]],
  ])('%s is refused, and what to look for is said', (what, sections) => {
    const found = what.replace(' behind others', '');
    expect(() => checkMemory('test', Uint8Array.from([...header, ...sections]))).toThrow(
      `the test build must import all its memory and hold no data, got ${found}.`,
    );
  });
});
