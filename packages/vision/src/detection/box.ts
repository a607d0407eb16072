// Boxes around things in a picture, and how two of them overlap.

/** A box in pixels: from its left top corner (inclusive) to its right bottom corner (exclusive), `[x0, y0, x1, y1]`. */
export type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** Area of a box [pixels]; 0 where it has none. */
export function areaOf([x0, y0, x1, y1]: Box): number {
  return Math.max(0, x1 - x0) * Math.max(0, y1 - y0);
}

/** Area that two boxes share [pixels]. */
export function intersectionOf(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  return Math.max(0, width) * Math.max(0, height);
}

/** Intersection over union, from 0 (apart) to 1 (the same box); 0 for two boxes without area (Jaccard index). */
export function iou(a: Box, b: Box): number {
  const shared = intersectionOf(a, b);
  const union = areaOf(a) + areaOf(b) - shared;
  return union > 0 ? shared / union : 0;
}

/** The part of a box inside a picture of `width` by `height` pixels. */
export function clipBox([x0, y0, x1, y1]: Box, width: number, height: number): Box {
  const within = (value: number, size: number) => Math.min(size, Math.max(0, value));
  return [within(x0, width), within(y0, height), within(x1, width), within(y1, height)];
}
