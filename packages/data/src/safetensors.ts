// Named arrays in one file, in the safetensors format: 8 bytes of header length, a JSON header, then the data.
// Format: https://huggingface.co/docs/safetensors (metadata parsing). Everything read is checked before it is used.

import { VALUE_TYPES, type ValueType } from './safetensors-values.ts';
import type { NdArray } from './samples.ts';

/** The one element type that is written: 32-bit floats, little-endian. */
const DTYPE = 'F32';

/** A decoded file. */
export interface Safetensors {
  tensors: Record<string, NdArray>;
  metadata: Record<string, string>;
}

/** The format's own bound on the header [bytes]. */
const MAX_HEADER = 100_000_000;

/**
 * Encodes named float32 arrays and texts, bit for bit (NaN payloads too). Tensors are stored in the given order; the data
 * begins at a multiple of 8 bytes.
 * @throws if an array does not fill its shape.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, NdArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header = new Map<string, unknown>();
  if (Object.keys(metadata).length > 0) header.set('__metadata__', metadata);
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (name === '__metadata__') throw new Error("safetensors: a tensor may not be called '__metadata__'.");
    if (data.length !== elements(shape)) {
      throw new Error(
        `safetensors: '${name}' [${shape.join(', ')}] must have ${elements(shape)} values, got ${data.length}.`,
      );
    }
    const expected = data.byteLength;
    header.set(name, { dtype: DTYPE, shape, data_offsets: [end, end + expected] });
    end += expected;
  }
  const fields = [...header].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerBytes + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.fill(0x20, 8, 8 + headerBytes);
  bytes.set(json, 8);
  let at = 8 + headerBytes;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Decodes a file into float32 copies of its arrays; F16 and BF16 become what they are, I64 too where a float32 has the value.
 * @throws with the reason, if the bytes are damaged or something else than safetensors.
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < 8) refuse(`it has ${bytes.length} bytes, fewer than the 8 of the header length`);
  const declared = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (declared > MAX_HEADER) refuse(`its header length reads ${declared} bytes, more than the format allows`);
  const length = Number(declared);
  if (8 + length > bytes.length) refuse(`its header ends at byte ${8 + length} of ${bytes.length}`);
  const header = parseHeader(bytes.subarray(8, 8 + length));
  const data = bytes.subarray(8 + length);
  const tensors: Record<string, NdArray> = Object.create(null);
  const spans: { name: string; from: number; to: number }[] = [];
  let metadata: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = readMetadata(value);
      continue;
    }
    const { type, shape, from, to } = readEntry(name, value, data.length);
    try {
      // Copied by the constructor: the slice of a Node Buffer would still be a view of the whole pool.
      tensors[name] = { shape, data: type.read(new Uint8Array(data.subarray(from, to))) };
    } catch (error) {
      refuse(`'${name}' cannot be read: ${(error as Error).message}`);
    }
    spans.push({ name, from, to });
  }
  spans.sort((a, b) => a.from - b.from || a.to - b.to);
  let end = 0;
  for (const { name, from, to } of spans) {
    if (from !== end) refuse(`'${name}' begins at byte ${from} of the data, where ${end} was expected`);
    end = to;
  }
  if (end !== data.length) refuse(`its tensors take ${end} bytes of data, and there are ${data.length}`);
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) refuse('its header does not begin with {');
  let header: unknown;
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    refuse('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    refuse('its header is not a JSON object');
  const repeated = repeatedKey(text);
  if (repeated !== undefined) refuse(`its header names ${JSON.stringify(repeated)} twice`);
  return header as Record<string, unknown>;
}

/** A key that occurs twice in one object of a valid JSON text: `JSON.parse` would keep the last one and not say so. */
function repeatedKey(json: string): string | undefined {
  // The keys seen in each object that is open; an array has none.
  const open: (Set<string> | undefined)[] = [];
  let mayBeKey = false;
  for (let i = 0; i < json.length; i++) {
    const character = json[i]!;
    if (character === '{' || character === '[') open.push(character === '{' ? new Set() : undefined);
    if (character === '}' || character === ']') open.pop();
    if (character === '{' || character === ',') mayBeKey = true;
    if (character !== '"') continue;
    const begin = i++;
    while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
    const keys = open.at(-1);
    if (!keys || !mayBeKey) continue;
    const key: string = JSON.parse(json.slice(begin, i + 1));
    if (keys.has(key)) return key;
    keys.add(key);
    mayBeKey = false;
  }
  return undefined;
}

function readMetadata(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : undefined;
  if (!entries || Array.isArray(value) || entries.some(([, text]) => typeof text !== 'string')) {
    refuse('its __metadata__ is not a map of texts');
  }
  return Object.assign(Object.create(null), Object.fromEntries(entries!));
}

function readEntry(name: string, value: unknown, dataBytes: number) {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const known = typeof dtype === 'string' && Object.hasOwn(VALUE_TYPES, dtype);
  if (!known) {
    const types = Object.keys(VALUE_TYPES).join(', ');
    refuse(`'${name}' has the type ${JSON.stringify(dtype)}, and only ${types} are read`);
  }
  const type: ValueType = VALUE_TYPES[dtype as string]!;
  const whole = (each: unknown) => Number.isSafeInteger(each) && (each as number) >= 0;
  // No product of sizes may leave the whole numbers that a double holds, whatever follows them.
  const count = (sizes: number[]) =>
    sizes.reduce((product, size) => (whole(product) ? product * size : product), 1);
  if (!Array.isArray(shape) || !shape.every(whole) || !whole(count(shape)))
    refuse(`'${name}' has no valid shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(whole))
    refuse(`'${name}' has no valid offsets`);
  const [from, to] = offsets as [number, number];
  if (from > to || to > dataBytes) refuse(`'${name}' lies at bytes ${from} to ${to} of ${dataBytes} of data`);
  const expected = elements(shape as number[]) * type.bytes;
  if (to - from !== expected) {
    refuse(`'${name}' [${(shape as number[]).join(', ')}] needs ${expected} bytes, and has ${to - from}`);
  }
  return { type, shape: shape as number[], from, to };
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function refuse(reason: string): never {
  throw new Error(
    `safetensors: not a whole safetensors file: ${reason}. Is it damaged, or another kind of file?`,
  );
}
