// The types of values that are read from a safetensors file, each as the float32 that it is: halves and bfloat16 fit without
// loss, and whole numbers, which PyTorch counts batches with, up to where float32 has gaps.

/** A type of values, little-endian. */
export interface ValueType {
  /** Bytes of a value. */
  bytes: number;
  /** `bytes` are a copy of their own. @throws where a value does not fit. */
  read(bytes: Uint8Array<ArrayBuffer>): Float32Array;
}

/** By the names of the format. */
export const VALUE_TYPES: Readonly<Record<string, ValueType>> = {
  F32: { bytes: 4, read: ({ buffer }) => new Float32Array(buffer) },
  F16: { bytes: 2, read: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), fromHalf) },
  BF16: {
    bytes: 2,
    read: ({ buffer }) =>
      new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer),
  },
  I64: { bytes: 8, read: ({ buffer }) => Float32Array.from(new BigInt64Array(buffer), fromInteger) },
};

/** IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function fromInteger(value: bigint): number {
  const float = Math.fround(Number(value));
  if (BigInt(float) !== value) throw new Error(`it holds ${value}, which no float32 is`);
  return float;
}
