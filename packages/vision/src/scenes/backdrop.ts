// What stands behind the things of a scene: sky, clouds, a far coast, the sea with waves and rocks.

import type { Random } from '@tidecast/data';
import { between, type Colour, ellipse } from './coastal-shapes.ts';
import { type Coverage, type Point, polygonCoverage } from './polygon-coverage.ts';

/** A picture while it is painted, RGB from 0 to 255 and beyond. */
export interface Canvas {
  height: number;
  width: number;
  /** Row-major `[height, width, 3]`. */
  data: Float32Array;
}

/** Lays a colour over what a coverage covers; `shade` darkens it from its top to its bottom by up to so much. */
export function paint(
  { height, width, data }: Canvas,
  { left, top, ...covered }: Coverage,
  { colour, opacity = 1, shade = 0 }: { colour: Colour; opacity?: number; shade?: number },
): void {
  const right = Math.min(width, left + covered.width);
  for (let y = Math.max(0, top); y < Math.min(height, top + covered.height); y++) {
    const light = 1 + shade * (0.5 - (y - top) / covered.height);
    for (let x = Math.max(0, left); x < right; x++) {
      const share = opacity * covered.data[(y - top) * covered.width + x - left]!;
      if (share === 0) continue;
      const at = (y * width + x) * 3;
      for (let c = 0; c < 3; c++) data[at + c]! += share * (light * colour[c]! - data[at + c]!);
    }
  }
}

/** Smooth noise from −1 to 1: random numbers on a lattice of `cell` pixels (wide and high), eased in between. */
function smoothNoise(random: Random, { height, width }: Canvas, [wide, high]: Point): Float32Array {
  const columns = Math.ceil(width / wide) + 2;
  const rows = Math.ceil(height / high) + 2;
  const lattice = Float32Array.from({ length: rows * columns }, () => 2 * random.uniform() - 1);
  const ease = (t: number) => t * t * (3 - 2 * t);
  const noise = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / high);
    const down = ease(y / high - row);
    for (let x = 0; x < width; x++) {
      const column = Math.floor(x / wide);
      const right = ease(x / wide - column);
      const at = row * columns + column;
      const upper = lattice[at]! + right * (lattice[at + 1]! - lattice[at]!);
      const lower = lattice[at + columns]! + right * (lattice[at + columns + 1]! - lattice[at + columns]!);
      noise[y * width + x] = upper + down * (lower - upper);
    }
  }
  return noise;
}

/** Colours of a day: the sky above and at the horizon, the sea there and near. */
const DAYS: readonly (readonly [high: Colour, low: Colour, far: Colour, close: Colour])[] = [
  [
    [95, 150, 215],
    [190, 215, 235],
    [90, 140, 175],
    [35, 85, 125],
  ],
  [
    [150, 160, 170],
    [200, 203, 205],
    [125, 138, 145],
    [75, 92, 100],
  ],
  [
    [70, 80, 130],
    [235, 165, 115],
    [165, 125, 110],
    [50, 60, 90],
  ],
  [
    [120, 185, 215],
    [225, 235, 225],
    [95, 180, 175],
    [40, 130, 140],
  ],
];

/** Paints all of a backdrop on `canvas` and returns the row of the horizon. */
export function paintBackdrop(canvas: Canvas, random: Random): number {
  const { height, width, data } = canvas;
  const horizon = between(random, 0.15, 0.55) * height;
  const [high, low, far, close] = DAYS[random.integer(DAYS.length)]!;
  const side = Math.max(height, width);
  const sky = smoothNoise(random, canvas, [side / 3, side / 5]);
  const swell = smoothNoise(random, canvas, [side / 6, side / 16]);
  const ripples = smoothNoise(random, canvas, [Math.max(2, side / 20), Math.max(1, side / 60)]);
  const rough = between(random, 4, 16);
  for (let y = 0; y < height; y++) {
    const above = y < horizon;
    const down = above ? y / horizon : (y - horizon) / Math.max(1, height - horizon);
    const [from, to] = above ? [high, low] : [far, close];
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const change = above ? 8 * sky[i]! : rough * (0.4 + 0.6 * down) * (swell[i]! + ripples[i]!);
      for (let c = 0; c < 3; c++) data[3 * i + c] = from[c]! + down * (to[c]! - from[c]!) + change;
    }
  }
  const patch = (points: readonly Point[], colour: Colour, opacity: number) =>
    paint(canvas, polygonCoverage(points), { colour, opacity });
  const clouds = random.integer(4);
  for (let i = 0; i < clouds; i++) {
    const [x, y] = [between(random, 0, width), between(random, 0, 0.8 * horizon)];
    for (let puff = 0; puff < 4; puff++) {
      const at = x + between(random, -0.12, 0.12) * side;
      const radius: Point = [between(random, 0.05, 0.12) * side, between(random, 0.02, 0.045) * side];
      patch(ellipse(at, y + between(random, -0.02, 0.02) * side, radius), [240, 240, 242], 0.5);
    }
  }
  if (random.uniform() < 0.5) {
    const [left, right] = [between(random, -0.2, 0.7) * width, between(random, 0.4, 1.3) * width];
    const ridge = Array.from({ length: 9 }, (_, i): Point => {
      const bulge = Math.sin((Math.PI * (i + 0.001)) / 8);
      const rise = bulge * between(random, 0.02, 0.12) * side;
      return [left + ((right - left) * i) / 8, horizon - rise];
    });
    patch([...ridge, [right, horizon + 1], [left, horizon + 1]], [95, 110, 100], 0.85);
  }
  const rocks = random.integer(3);
  for (let i = 0; i < rocks; i++) {
    const [x, y] = [between(random, 0, width), between(random, horizon, height)];
    const size = between(random, 0.04, 0.12) * side;
    const rock = Array.from({ length: 8 }, (_, corner): Point => {
      const angle = Math.PI + (Math.PI * corner) / 7;
      const reach = size * between(random, 0.6, 1);
      return [x + 1.2 * reach * Math.cos(angle), y + 0.7 * reach * Math.sin(angle)];
    });
    const grey = between(random, 50, 105);
    patch(rock, [grey, grey * 0.95, grey * 0.88], 1);
  }
  const crests = random.integer(10);
  for (let i = 0; i < crests; i++) {
    const [x, y] = [between(random, 0, width), between(random, horizon, height)];
    patch(
      ellipse(x, y, [between(random, 0.02, 0.07) * side, between(random, 0.3, 0.9)], 12),
      [235, 240, 240],
      0.6,
    );
  }
  return horizon;
}
