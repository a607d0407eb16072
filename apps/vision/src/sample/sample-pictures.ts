// Pictures to try with, drawn by a seeded generator: one thing each, before a coast, in good and in bad light.

import { deriveSeed } from '@tidecast/data';
import { type Box, crop, generateScene, type Image, resize, SCENE_CLASSES } from '@tidecast/vision';

/** How many pictures, and which. */
export interface SampleOptions {
  /** Pictures of each class. */
  perClass: number;
  seed: number;
}

/** A picture of the sample. */
export interface SamplePicture {
  className: string;
  /** `boat/boat-0007.png` */
  path: string;
  image: Image;
}

/** Pixels of a side of the scenes, and of the pictures cut out of them. */
const SCENE = 96;
const SIZE = 48;
const LIGHT = ['plain', 'plain', 'dark', 'overexposed'] as const;

/** The pictures one after the other, until every class has as many as wanted. */
export function* samplePictures({ perClass, seed }: SampleOptions): Generator<SamplePicture> {
  const counts = new Map<string, number>(SCENE_CLASSES.map((name) => [name, 0]));
  for (let i = 0; [...counts.values()].some((count) => count < perClass); i++) {
    const kind = LIGHT[i % LIGHT.length]!;
    const options = { seed: deriveSeed(seed, 'sample', i), size: SCENE, kind, count: 1 };
    const { image, labels, boxes, ignore } = generateScene({ ...options, scale: [0.35, 0.7] });
    const [className] = labels;
    if (className === undefined || ignore[0] || counts.get(className)! >= perClass) continue;
    counts.set(className, counts.get(className)! + 1);
    const number = String(counts.get(className)).padStart(4, '0');
    const picture = resize(around(image, boxes[0]!), { height: SIZE, width: SIZE });
    yield { className, path: `${className}/${className}-${number}.png`, image: picture };
  }
}

/** A square about a box, with some of what is around it. */
function around(image: Image, [x0, y0, x1, y1]: Box): Image {
  const side = Math.min(image.width, Math.ceil(1.3 * Math.max(x1 - x0, y1 - y0)));
  const start = (from: number, to: number, size: number) =>
    Math.round(Math.min(size - side, Math.max(0, (from + to - side) / 2)));
  const [left, top] = [start(x0, x1, image.width), start(y0, y1, image.height)];
  return crop(image, { left, top, height: side, width: side });
}
