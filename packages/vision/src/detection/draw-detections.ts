// Boxes on a picture, to look at.

import { createImage, type Image, withChannels } from '../image/image.ts';
import { resize } from '../transforms/resize.ts';
import { eachDot, LETTER_HEIGHT, LETTER_WIDTH } from './bitmap-font.ts';
import type { Box } from './box.ts';

/** What is drawn: a detection, or a box of the truth. */
export interface DrawnBox {
  label: string;
  box: Box;
  /** How sure the detector is; written behind the label where there is one. */
  score?: number;
}

/** How to draw. */
export interface DrawOptions {
  /** All class names, so that each has its colour on every picture; default: those on this one, in their order. */
  classes?: readonly string[];
  /** Enlarges the picture, so that there is room for names; a whole number, default 1. */
  zoom?: number;
  /** Writes label and score at each box; default true. */
  names?: boolean;
}

/** Colours that differ also for colour-blind eyes (Okabe and Ito 2008). */
const COLOURS = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
] as const;

/** The picture in RGB with a frame around each box, in the colour of its class, and its name and score in a bar on top. */
export function drawDetections(image: Image, boxes: readonly DrawnBox[], options: DrawOptions = {}): Image {
  const { classes = [...new Set(boxes.map(({ label }) => label))], zoom = 1, names = true } = options;
  if (!(Number.isInteger(zoom) && zoom >= 1 && zoom <= 32)) {
    throw new Error(`drawDetections: zoom must be a whole number from 1 to 32, got ${zoom}.`);
  }
  const [height, width] = [image.height * zoom, image.width * zoom];
  const { data: pixels } = resize(withChannels(image, 3), { height, width });
  const data = Uint8ClampedArray.from(pixels);
  const dot = (x: number, y: number, colour: readonly number[]) => {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    data.set(colour, (y * width + x) * 3);
  };
  const fill = ([x0, y0, x1, y1]: Box, colour: readonly number[]) => {
    for (let y = Math.max(0, y0); y < Math.min(height, y1); y++) {
      for (let x = Math.max(0, x0); x < Math.min(width, x1); x++) dot(x, y, colour);
    }
  };
  // The surest is drawn last, on top.
  for (const { label, box, score } of [...boxes].sort((a, b) => (a.score ?? 1) - (b.score ?? 1))) {
    const colour = COLOURS[Math.max(0, classes.indexOf(label)) % COLOURS.length]!;
    const [x0, y0, x1, y1] = box.map((value) => Math.round(value * zoom)) as [number, number, number, number];
    const line = Math.max(1, Math.round(zoom / 3));
    for (const edge of [
      [x0, y0, x1, y0 + line],
      [x0, y1 - line, x1, y1],
      [x0, y0, x0 + line, y1],
      [x1 - line, y0, x1, y1],
    ] as const) {
      fill(edge, colour);
    }
    if (!names) continue;
    const text = score === undefined ? label : `${label} ${score.toFixed(2)}`;
    const bar = [text.length * LETTER_WIDTH + 1, LETTER_HEIGHT + 2] as const;
    const left = Math.max(0, Math.min(x0, width - bar[0]));
    const top = Math.max(0, y0 - bar[1]);
    fill([left, top, left + bar[0], top + bar[1]], colour);
    eachDot(text, (x, y) => dot(left + 1 + x, top + 1 + y, [0, 0, 0]));
  }
  return createImage({ height, width, channels: 3, data });
}
