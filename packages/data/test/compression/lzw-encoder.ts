// A plain encoder for `.Z` files, for tests only. Its rule for widths and padding is the decoder's, stated from the
// other side; the real `.Z` files of the IONEX tests are what ties both to the program.

/** How to encode. */
export interface LzwOptions {
  maxWidth?: number;
  blockMode?: boolean;
  /** Emit a CLEAR code after every so many codes. */
  clearEvery?: number;
}

/** `input` as a `.Z` file. */
export function compressLzw(input: Uint8Array, options: LzwOptions = {}): Uint8Array {
  const { maxWidth = 16, blockMode = true, clearEvery = Number.POSITIVE_INFINITY } = options;
  const output: number[] = [0x1f, 0x9d, maxWidth | (blockMode ? 0x80 : 0)];
  const firstFree = blockMode ? 257 : 256;
  const widest = Math.max(maxWidth, 10);
  let group: number[] = [];
  let width = 9;
  let codes = 0;
  let table = new Map<string, number>();
  let free = firstFree;

  const flush = (whole: boolean) => {
    let bits = 0n;
    group.forEach((code, i) => {
      bits |= BigInt(code) << BigInt(i * width);
    });
    const bytes = whole ? width : Math.ceil((group.length * width) / 8);
    for (let i = 0; i < bytes; i++) output.push(Number((bits >> BigInt(8 * i)) & 255n));
    group = [];
  };
  const emit = (code: number) => {
    // The decoder's table is one string behind: it has codes − 1 strings when it reads the next code.
    const known = Math.min(firstFree + Math.max(0, codes - 1), 1 << maxWidth);
    if (known === 1 << width && width < widest) {
      if (group.length > 0) flush(true);
      width++;
    }
    group.push(code);
    codes++;
    if (group.length === 8) flush(true);
  };
  const clear = () => {
    emit(256);
    if (group.length > 0) flush(true);
    width = 9;
    codes = 0;
    table = new Map();
    free = firstFree;
  };

  let string = '';
  const codeOf = (text: string) => (text.length === 1 ? text.charCodeAt(0) : table.get(text)!);
  for (const byte of input) {
    const longer = string + String.fromCharCode(byte);
    if (longer.length === 1 || table.has(longer)) {
      string = longer;
      continue;
    }
    emit(codeOf(string));
    if (free < 1 << maxWidth) table.set(longer, free++);
    string = String.fromCharCode(byte);
    if (blockMode && codes >= clearEvery) {
      emit(codeOf(string));
      string = '';
      clear();
    }
  }
  if (string) emit(codeOf(string));
  if (group.length > 0) flush(false);
  return Uint8Array.from(output);
}
