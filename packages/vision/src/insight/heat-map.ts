// Numbers as colours: a map beside or over the picture it belongs to.

import type { NdArray } from '@tidecast/data';
import { createImage, type Image, withChannels } from '../image/image.ts';
import { colourTable, type HeatColours } from './colour-table.ts';

/** One number for each pixel. */
export interface HeatMap {
  readonly height: number;
  readonly width: number;
  /** Row-major `[height, width]`. */
  readonly data: Float32Array;
}

/** How numbers become colours. */
export interface HeatImageOptions {
  /** Default `diverging` where a value is negative, else `heat`, which shows what is below 0 as 0. */
  colours?: HeatColours;
  /** The value of the last colour, for maps that are to be compared; default the largest, or the largest absolute one. */
  range?: number;
}

/**
 * The map as an RGB picture: colours from 0 to `range`, or from −range to range where they go both ways from 0.
 * @throws if a value is not finite, or the number of values is another one.
 */
export function heatImage(map: HeatMap, options: HeatImageOptions = {}): Image {
  const { shares, signed, colours } = sharesOf(map, options);
  const table = colourTable(colours);
  const last = table.length / 3 - 1;
  const data = new Uint8ClampedArray(3 * shares.length);
  for (let i = 0; i < shares.length; i++) {
    const place = 3 * Math.round(last * (signed ? (shares[i]! + 1) / 2 : shares[i]!));
    for (let c = 0; c < 3; c++) data[3 * i + c] = table[place + c]!;
  }
  return createImage({ height: map.height, width: map.width, channels: 3, data });
}

/**
 * The map in colours over the picture. At the ends of the range a pixel is `opacity` (0 to 1, default 0.7) of its colour, at 0 the
 * picture alone, and in between in proportion. Alpha of the picture is laid over white.
 * @throws if the two differ in size, `opacity` is out of range, or as {@link heatImage} does.
 */
export function overlayHeatMap(
  image: Image,
  map: HeatMap,
  { opacity = 0.7, ...options }: HeatImageOptions & { opacity?: number } = {},
): Image {
  if (!(opacity >= 0 && opacity <= 1)) {
    throw new Error(`overlayHeatMap: opacity must be from 0 to 1, got ${opacity}.`);
  }
  if (image.height !== map.height || image.width !== map.width) {
    throw new Error(
      `overlayHeatMap: expected a map as large as the picture, ${image.height} × ${image.width}, ` +
        `got ${map.height} × ${map.width}.`,
    );
  }
  const { shares } = sharesOf(map, options);
  const under = withChannels(image, 3).data;
  const over = heatImage(map, options).data;
  const data = new Uint8ClampedArray(under.length);
  for (let i = 0; i < data.length; i++) {
    const cover = opacity * Math.abs(shares[Math.floor(i / 3)]!);
    data[i] = (1 - cover) * under[i]! + cover * over[i]!;
  }
  return createImage({ height: image.height, width: image.width, channels: 3, data });
}

/** The values as shares of the range: from 0 to 1, or from −1 to 1 where they are `signed`. @throws if they are no map. */
function sharesOf(map: HeatMap, { colours, range }: HeatImageOptions) {
  const { height, width, data } = map;
  createImage({ height, width, channels: 1, data });
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    const place = `row ${Math.floor(wrong / width)}, column ${wrong % width}`;
    throw new Error(`heatImage: values must be finite, got ${data[wrong]} in ${place}.`);
  }
  if (range !== undefined && !(range >= 0 && Number.isFinite(range))) {
    throw new Error(`heatImage: range must be finite and 0 or more, got ${range}.`);
  }
  const signed = colours === 'diverging' || (colours !== 'heat' && data.some((value) => value < 0));
  const most =
    range ?? data.reduce((largest, value) => Math.max(largest, signed ? Math.abs(value) : value), 0);
  const shares = new Float64Array(data.length);
  for (let i = 0; i < data.length && most > 0; i++) {
    shares[i] = Math.min(1, Math.max(signed ? -1 : 0, data[i]! / most));
  }
  return { shares, signed, colours: colours ?? (signed ? 'diverging' : 'heat') } as const;
}

/**
 * One number for each pixel from one for each value of a picture, `[H, W, C]` or `[1, H, W, C]`: their sum over the
 * channels. For attributions of `@tidecast/train`, for example by `integratedGradients`.
 * @throws on another shape.
 */
export function attributionMap({ data, shape }: NdArray): HeatMap {
  const [height = 0, width = 0, channels = 0] = shape.slice(-3);
  const fits = shape.length === 3 || (shape.length === 4 && shape[0] === 1);
  if (!fits || data.length !== height * width * channels || data.length === 0) {
    throw new Error(
      `attributionMap: expected the values of one picture, [H, W, C] or [1, H, W, C], got [${shape.join(', ')}] of ${data.length}.`,
    );
  }
  const sums = new Float32Array(height * width);
  for (let i = 0; i < data.length; i++) sums[Math.floor(i / channels)]! += data[i]!;
  return { height, width, data: sums };
}
