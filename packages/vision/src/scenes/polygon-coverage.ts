// How much of each pixel a polygon covers: exact along rows, by four lines a pixel down them. Edges come out smooth, and
// how much is to be seen of a thing is a sum.

/** A point, x to the right and y down [pixels]. */
export type Point = readonly [x: number, y: number];

/** Shares from 0 to 1 of the pixels in a rectangle, which may reach out of the picture. */
export interface Coverage {
  left: number;
  top: number;
  width: number;
  height: number;
  /** Row-major `[height, width]`. */
  data: Float32Array;
}

const LINES = 4;

/** No coverage yet, over all pixels that points `within` touch. */
export function emptyCoverage(within: readonly Point[]): Coverage {
  const [xs, ys] = [within.map(([x]) => x), within.map(([, y]) => y)];
  const [left, top] = [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys))];
  const width = Math.max(1, Math.ceil(Math.max(...xs)) - left);
  const height = Math.max(1, Math.ceil(Math.max(...ys)) - top);
  return { left, top, width, height, data: new Float32Array(width * height) };
}

/** Coverage by a polygon (inside where a ray crosses its edges an odd number of times). */
export function polygonCoverage(points: readonly Point[]): Coverage {
  const coverage = emptyCoverage(points);
  const { left, top, width, height, data } = coverage;
  for (let line = 0; line < height * LINES; line++) {
    const y = top + (line + 0.5) / LINES;
    const crossings: number[] = [];
    for (let i = 0; i < points.length; i++) {
      const [x0, y0] = points[i]!;
      const [x1, y1] = points[(i + 1) % points.length]!;
      if (y0 <= y !== y1 <= y) crossings.push(x0 + ((y - y0) / (y1 - y0)) * (x1 - x0) - left);
    }
    crossings.sort((a, b) => a - b);
    const row = Math.floor(line / LINES) * width;
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [from, to] = [crossings[i]!, crossings[i + 1]!];
      for (let x = Math.max(0, Math.floor(from)); x < Math.min(width, to); x++) {
        data[row + x]! += Math.max(0, Math.min(x + 1, to) - Math.max(x, from)) / LINES;
      }
    }
  }
  return coverage;
}

/** Lays `over` on top: what is covered by either, c ← 1 − (1 − c)(1 − over). `over` must lie within. */
export function unite({ left, top, width, data }: Coverage, over: Coverage): void {
  for (let y = 0; y < over.height; y++) {
    const to = (over.top + y - top) * width + over.left - left;
    for (let x = 0; x < over.width; x++) {
      data[to + x] = 1 - (1 - data[to + x]!) * (1 - over.data[y * over.width + x]!);
    }
  }
}
