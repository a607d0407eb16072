// One class for everything that can be wrong with compressed bytes, so that a reader can tell it from damaged text.

/** Compressed bytes that are damaged, cut off, of an unknown kind, or that unpack to more than was allowed. */
export class CompressionError extends Error {
  override readonly name = 'CompressionError';
}
