// Turning, scaling, shearing, moving and mirroring: one matrix, applied once, so that pixels are blurred once.

import type { Box } from '../detection/box.ts';
import type { Image } from '../image/image.ts';

/** Where a point (x, y) [pixels] goes: (a·x + b·y + c, d·x + e·y + f). */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** What to do with a picture about its centre, in this order: mirror, scale, shear, turn, move. */
export interface AffineSettings {
  /** Mirrors left and right. */
  mirror?: boolean;
  /** Mirrors top and bottom. */
  mirrorVertical?: boolean;
  /** Larger than 1 enlarges. */
  scale?: number;
  /** Slants rows against each other [degrees]. */
  shear?: number;
  /** Turns clockwise, as seen [degrees]. */
  rotate?: number;
  /** Moves to the right and down [pixels]. */
  moveX?: number;
  moveY?: number;
}

/** The matrix of {@link AffineSettings} for a picture of `height` × `width`. */
export function affineMatrix(settings: AffineSettings, height: number, width: number): Affine {
  const { mirror, mirrorVertical, scale = 1, shear = 0, rotate = 0, moveX = 0, moveY = 0 } = settings;
  if (!(scale > 0 && Number.isFinite(scale)))
    throw new Error(`affine: scale must be greater than 0, got ${scale}.`);
  if (!(Math.abs(shear) < 90))
    throw new Error(`affine: shear must be between −90 and 90 degrees, got ${shear}.`);
  const [sx, sy] = [mirror ? -scale : scale, mirrorVertical ? -scale : scale];
  const slant = Math.tan((shear * Math.PI) / 180);
  const [cos, sin] = [Math.cos((rotate * Math.PI) / 180), Math.sin((rotate * Math.PI) / 180)];
  const [a, b] = [cos * sx, (cos * slant - sin) * sy];
  const [d, e] = [sin * sx, (sin * slant + cos) * sy];
  const [x, y] = [width / 2, height / 2];
  return [a, b, x + moveX - a * x - b * y, d, e, y + moveY - d * x - e * y];
}

/**
 * The picture moved by `matrix`, bilinear between the centres of pixels (at +0.5); what lies outside is `fill`.
 * @throws if the matrix cannot be undone.
 */
export function warp(image: Image, matrix: Affine, { fill = 0 }: { fill?: number } = {}): Image {
  const { height, width, channels } = image;
  const [a, b, c, d, e, f] = inverted(matrix);
  const data = new Float32Array(image.data.length);
  const at = (x: number, y: number, channel: number) =>
    x < 0 || y < 0 || x >= width || y >= height ? fill : image.data[(y * width + x) * channels + channel]!;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = a * (column + 0.5) + b * (row + 0.5) + c - 0.5;
      const y = d * (column + 0.5) + e * (row + 0.5) + f - 0.5;
      const [x0, y0] = [Math.floor(x), Math.floor(y)];
      const [right, down] = [x - x0, y - y0];
      for (let channel = 0; channel < channels; channel++) {
        const top = (1 - right) * at(x0, y0, channel) + right * at(x0 + 1, y0, channel);
        const bottom = (1 - right) * at(x0, y0 + 1, channel) + right * at(x0 + 1, y0 + 1, channel);
        data[(row * width + column) * channels + channel] = (1 - down) * top + down * bottom;
      }
    }
  }
  return { height, width, channels, data };
}

/** The upright box around a box moved by `matrix`. */
export function warpBox([x0, y0, x1, y1]: Box, [a, b, c, d, e, f]: Affine): Box {
  const corners = [
    [x0, y0],
    [x1, y0],
    [x0, y1],
    [x1, y1],
  ] as const;
  const xs = corners.map(([x, y]) => a * x + b * y + c);
  const ys = corners.map(([x, y]) => d * x + e * y + f);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

function inverted([a, b, c, d, e, f]: Affine): Affine {
  const determinant = a * e - b * d;
  if (!(Math.abs(determinant) > 1e-12)) throw new Error('warp: the matrix must not press the picture flat.');
  const [ia, ib, id, ie] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [ia, ib, -ia * c - ib * f, id, ie, -id * c - ie * f];
}
