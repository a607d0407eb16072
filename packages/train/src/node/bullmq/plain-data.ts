// Structured-clone data as text, to send through Redis: JSON in which what JSON lacks stands as `{ "$": kind, "v": … }`.
// A format of our own, since V8's differs between versions of Node, and machines need not run the same. Text that comes
// back is from anyone who reaches the Redis: it is checked, and never becomes more than data.

import { checkObject, shown } from '../../check.ts';

/** Deepest nesting of arrays and objects. */
const MAX_DEPTH = 200;

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const typedArrays = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

/**
 * `value` as text. What typed arrays hold is copied, also from shared memory.
 * @throws if structured clone cannot copy it, or it holds itself, a regular expression, or nests deeper than 200.
 */
export function encodePlainData(value: unknown): string {
  // The clone settles what may pass, and turns instances of classes into plain objects.
  return JSON.stringify(encode(structuredClone(value), 0));
}

/** The value of such text. @throws if it is no such text. */
export function decodePlainData(text: string): unknown {
  return decode(JSON.parse(text), 0);
}

function encode(value: unknown, depth: number): Json {
  if (depth > MAX_DEPTH) {
    throw new Error(`data nested deeper than ${MAX_DEPTH}, or holding itself, could not be cloned.`);
  }
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (value === undefined) return { $: 'undefined' };
  if (typeof value === 'bigint') return { $: 'bigint', v: String(value) };
  if (typeof value === 'number') {
    const exact = Number.isFinite(value) && !Object.is(value, -0);
    return exact ? value : { $: 'number', v: Object.is(value, -0) ? '-0' : String(value) };
  }
  const next = (item: unknown) => encode(item, depth + 1);
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (Array.isArray(value)) return Array.from(value, next);
  if (ArrayBuffer.isView(value)) {
    return { $: kind, v: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return { $: 'ArrayBuffer', v: Buffer.from(value as ArrayBuffer).toString('base64') };
  }
  if (value instanceof Date) return { $: 'Date', v: next(value.getTime()) };
  if (value instanceof Map) return { $: 'Map', v: Array.from(value, (entry) => entry.map(next)) };
  if (value instanceof Set) return { $: 'Set', v: Array.from(value, next) };
  if (value instanceof Error) {
    const { name, message, stack = '' } = value;
    return { $: 'Error', v: [name, message, stack] };
  }
  if (kind !== 'Object') throw new Error(`a ${kind} could not be cloned.`);
  const entries = Object.entries(value as object).map(([key, item]) => [key, next(item)] as const);
  // A key `$` would read as a kind.
  return Object.hasOwn(value as object, '$')
    ? { $: 'Object', v: entries.map((entry) => [...entry]) }
    : Object.fromEntries(entries);
}

function decode(json: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) throw new Error(`data must not nest deeper than ${MAX_DEPTH}.`);
  if (typeof json !== 'object' || json === null) return json;
  const next = (item: unknown) => decode(item, depth + 1);
  if (Array.isArray(json)) return json.map(next);
  if (!Object.hasOwn(json, '$')) {
    return Object.fromEntries(Object.entries(json).map(([key, item]) => [key, next(item)]));
  }
  const { $: kind, v } = checkObject('data', json);
  switch (kind) {
    case 'undefined':
      return undefined;
    case 'bigint':
      return BigInt(textOf(v));
    case 'number':
      return Number(textOf(v));
    case 'Date':
      return new Date(next(v) as number);
    case 'Map':
      return new Map(pairsOf(v).map(([key, item]) => [next(key), next(item)]));
    case 'Set':
      return new Set(listOf(v).map(next));
    case 'Error': {
      const [name, message, stack] = listOf(v).map(textOf);
      return Object.assign(new Error(message), { name, stack });
    }
    case 'Object':
      return Object.fromEntries(pairsOf(v).map(([key, item]) => [textOf(key), next(item)]));
    case 'ArrayBuffer':
      return bytesOf(v);
    case 'DataView':
      return new DataView(bytesOf(v));
  }
  if (typeof kind === 'string' && Object.hasOwn(typedArrays, kind)) {
    return new typedArrays[kind as keyof typeof typedArrays](bytesOf(v));
  }
  throw new Error(`data must be of a known kind, got ${shown(kind)}.`);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error(`data must hold a text here, got ${shown(value)}.`);
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`data must hold a list here, got ${shown(value)}.`);
}

function pairsOf(value: unknown): [unknown, unknown][] {
  return listOf(value).map((pair) => {
    const [key, item, ...rest] = listOf(pair);
    if (rest.length > 0) throw new Error('data must hold pairs here, got a longer list.');
    return [key, item];
  });
}

/** The bytes in memory of their own, so that any typed array fits over them. */
function bytesOf(value: unknown): ArrayBuffer {
  const bytes = Buffer.from(textOf(value), 'base64');
  return new Uint8Array(bytes).buffer;
}
