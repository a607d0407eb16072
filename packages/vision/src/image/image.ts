// The one form of a picture in this package, wherever it came from.

/** A picture: rows from the top, channels last, values from 0 to 255. */
export interface Image {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 3 RGB, 4 RGB and alpha (not premultiplied). */
  readonly channels: 1 | 3 | 4;
  /** Row-major `[height, width, channels]`. Whole numbers where the file has 8 bits; a 16-bit value v is v / 257. */
  readonly data: Uint8Array | Uint8ClampedArray | Float32Array;
}

/**
 * A picture from its values `[height, width, channels]`, kept without a copy.
 * @throws if the sizes are no whole numbers from 1, or the number of values is another one.
 */
export function createImage({ height, width, channels, data }: Image): Image {
  for (const [name, size] of Object.entries({ height, width })) {
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new Error(`image: ${name} must be a whole number from 1, got ${size}.`);
    }
  }
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new Error(`image: channels must be 1 (grey), 3 (RGB) or 4 (RGBA), got ${channels}.`);
  }
  if (data.length !== height * width * channels) {
    throw new Error(
      `image: [${height}, ${width}, ${channels}] needs ${height * width * channels} values, got ${data.length}.`,
    );
  }
  return { height, width, channels, data };
}

/**
 * The picture with other channels. Alpha is laid over `background` (grey level or RGB, default white); RGB becomes grey
 * by Y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); grey becomes RGB by repetition; a new alpha is 255.
 */
export function withChannels(
  image: Image,
  channels: Image['channels'],
  { background = [255, 255, 255] }: { background?: readonly [number, number, number] } = {},
): Image {
  if (image.channels === channels) return image;
  const { height, width } = image;
  const pixels = height * width;
  const exact = image.data instanceof Float32Array;
  const data = exact ? new Float32Array(pixels * channels) : new Uint8ClampedArray(pixels * channels);
  for (let i = 0; i < pixels; i++) {
    const from = i * image.channels;
    let [r, g, b] = [image.data[from]!, image.data[from]!, image.data[from]!];
    if (image.channels > 1) [g, b] = [image.data[from + 1]!, image.data[from + 2]!];
    const to = i * channels;
    if (image.channels === 4 && channels < 4) {
      const alpha = image.data[from + 3]! / 255;
      r = alpha * r + (1 - alpha) * background[0];
      g = alpha * g + (1 - alpha) * background[1];
      b = alpha * b + (1 - alpha) * background[2];
    }
    if (channels === 1) data[to] = 0.299 * r + 0.587 * g + 0.114 * b;
    else {
      data[to] = r;
      data[to + 1] = g;
      data[to + 2] = b;
      if (channels === 4) data[to + 3] = 255;
    }
  }
  return { height, width, channels, data };
}
