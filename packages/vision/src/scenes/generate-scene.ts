// Scenes of a coast that the computer draws: pictures with things whose boxes are known to the pixel, as many as wanted, for
// showing and testing detectors where no labelled photographs are at hand.

import { createRandom, type Random } from '@tidecast/data';
import type { Box } from '../detection/box.ts';
import type { Image } from '../image/image.ts';
import { type Canvas, paint, paintBackdrop } from './backdrop.ts';
import { between, drawBird, drawBoat, drawBuoy, type Patch } from './coastal-shapes.ts';
import { type Coverage, emptyCoverage, type Point, polygonCoverage, unite } from './polygon-coverage.ts';

/** What a scene can hold. */
export const SCENE_CLASSES = ['boat', 'buoy', 'bird'] as const;

/**
 * `plain`: a few things apart from each other. `crowded`: many, smaller, in front of one another. `dark`: little light and
 * the noise of a sensor. `overexposed`: too much light, cut off at white; some things are white on white then, and keep
 * their box.
 */
export const SCENE_KINDS = ['plain', 'crowded', 'dark', 'overexposed'] as const;

/** How to draw a scene. */
export interface SceneOptions {
  /** Decides everything that is random. */
  seed: number;
  /** Height and width [pixels], at least 32; default 96. */
  size?: number;
  /** Default `plain`. */
  kind?: (typeof SCENE_KINDS)[number];
  /** How many things to place; default 1 to 4 at random, 7 to 12 in a crowd. Where there is no room left, fewer are. */
  count?: number;
  /** Sizes of things as shares of the picture's, from and to; default 0.2 to 0.55, in a crowd 0.18 to 0.36. */
  scale?: readonly [from: number, to: number];
}

/** A picture with what is on it. */
export interface Scene {
  image: Image;
  /** Around what is to be seen of each thing, the nearest last. */
  boxes: readonly Box[];
  /** The class of each, one of {@link SCENE_CLASSES}. */
  labels: readonly string[];
  /** Share of each thing that is to be seen: not cut off at the rim, not behind another. */
  visible: readonly number[];
  /** True for those of which less than 35 % is to be seen: too hard to ask for. */
  ignore: readonly boolean[];
}

/** A thing of which less than this share is to be seen is one to ignore. */
const MIN_VISIBLE = 0.35;
/** Things that hardly show at all are not there. */
const MIN_SEEN = 0.05;

const shapes = { boat: drawBoat, buoy: drawBuoy, bird: drawBird } as const;

/** A thing in its place. */
interface Thing {
  label: (typeof SCENE_CLASSES)[number];
  patches: readonly Patch[];
  coverage: Coverage;
  /** Row of its foot. */
  foot: number;
}

/**
 * Draws a scene: boats, buoys and birds before sky and sea, edges smooth. The same options give the same scene everywhere.
 * @throws if an option is out of bounds.
 */
export function generateScene(options: SceneOptions): Scene {
  const { seed, size = 96, kind = 'plain' } = options;
  if (!(Number.isInteger(size) && size >= 32 && size <= 4096)) {
    throw new Error(`generateScene: size must be a whole number from 32 to 4096, got ${size}.`);
  }
  if (!SCENE_KINDS.includes(kind)) {
    throw new Error(`generateScene: kind must be one of ${SCENE_KINDS.join(', ')}, got '${kind}'.`);
  }
  const crowded = kind === 'crowded';
  const random = createRandom(seed, 'scene', kind);
  const drawn = crowded ? 7 + random.integer(6) : 1 + random.integer(4);
  const { count = drawn, scale = crowded ? [0.18, 0.36] : [0.2, 0.55] } = options;
  if (!(Number.isInteger(count) && count >= 0 && count <= 100)) {
    throw new Error(`generateScene: count must be a whole number from 0 to 100, got ${count}.`);
  }
  if (!(scale[0] >= 0.05 && scale[1] >= scale[0] && scale[1] <= 1)) {
    throw new Error(
      `generateScene: scale must rise from 0.05 or more to 1 or less, got ${scale.join(', ')}.`,
    );
  }
  const canvas: Canvas = { height: size, width: size, data: new Float32Array(size * size * 3) };
  const horizon = paintBackdrop(canvas, random);
  const things: Thing[] = [];
  for (let i = 0; i < count; i++) {
    const thing = placeThing(random, { size, horizon, scale, things, apart: !crowded });
    if (thing) things.push(thing);
  }
  things.sort((a, b) => a.foot - b.foot);
  const shade = between(random, 0.1, 0.5);
  for (const { patches } of things) {
    for (const { points, colour } of patches) paint(canvas, polygonCoverage(points), { colour, shade });
  }
  const seen = things
    .map((thing, i) => ({ label: thing.label, ...visiblePart(thing, things.slice(i + 1), size) }))
    .filter(({ visible }) => visible >= MIN_SEEN);
  return {
    image: { height: size, width: size, channels: 3, data: exposed(canvas.data, kind, random) },
    boxes: seen.map(({ box }) => box),
    labels: seen.map(({ label }) => label),
    visible: seen.map(({ visible }) => visible),
    ignore: seen.map(({ visible }) => visible < MIN_VISIBLE),
  };
}

/** A new thing where there is room for it, or undefined after a few trials. */
function placeThing(
  random: Random,
  room: Required<Pick<SceneOptions, 'size' | 'scale'>> & { horizon: number; things: Thing[]; apart: boolean },
): Thing | undefined {
  const { size, horizon, scale, things, apart } = room;
  for (let trial = 0; trial < 20; trial++) {
    const label = SCENE_CLASSES[random.integer(SCENE_CLASSES.length)]!;
    const side = size * scale[0] * (scale[1] / scale[0]) ** random.uniform();
    const tilt = (between(random, -10, 10) * Math.PI) / 180;
    const mirror = random.uniform() < 0.5 ? -1 : 1;
    const x = between(random, 0.08, 0.92) * size;
    const highest = label === 'bird' ? 0.5 * side : Math.max(horizon, 0.3 * side);
    const foot = between(random, highest, 0.98 * size);
    const [cos, sin] = [side * Math.cos(tilt), side * Math.sin(tilt)];
    const place = ([px, py]: Point): Point => [
      x + cos * mirror * px - sin * py,
      foot + sin * mirror * px + cos * py,
    ];
    const patches = shapes[label](random).map((patch) => ({ ...patch, points: patch.points.map(place) }));
    const coverage = emptyCoverage(patches.flatMap(({ points }) => points));
    if (apart && things.some((other) => touch(coverage, other.coverage))) continue;
    for (const { points } of patches) unite(coverage, polygonCoverage(points));
    return { label, patches, coverage, foot };
  }
  return undefined;
}

function touch(a: Coverage, b: Coverage): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}

/** The box around the pixels of a thing that are to be seen, and their share of it. */
function visiblePart(
  { coverage: { left, top, width, height, data } }: Thing,
  nearer: readonly Thing[],
  size: number,
): { box: Box; visible: number } {
  let [whole, seen] = [0, 0];
  let [x0, y0, x1, y1] = [size, size, 0, 0];
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      let share = data[(y - top) * width + x - left]!;
      whole += share;
      if (x < 0 || y < 0 || x >= size || y >= size) continue;
      for (const { coverage: over } of nearer) {
        const [column, row] = [x - over.left, y - over.top];
        if (column < 0 || row < 0 || column >= over.width || row >= over.height) continue;
        share *= 1 - over.data[row * over.width + column]!;
      }
      seen += share;
      if (share < 0.3) continue;
      [x0, y0] = [Math.min(x0, x), Math.min(y0, y)];
      [x1, y1] = [Math.max(x1, x + 1), Math.max(y1, y + 1)];
    }
  }
  // A thing without a pixel that shows clearly is not to be seen.
  return { box: [x0, y0, x1, y1], visible: x1 > x0 && whole > 0 ? seen / whole : 0 };
}

/** Light on the sensor as the values of a file: whole numbers from 0 to 255. */
function exposed(light: Float32Array, kind: SceneOptions['kind'], random: Random): Uint8ClampedArray {
  const dark = kind === 'dark';
  const gain = dark ? between(random, 0.13, 0.28) : kind === 'overexposed' ? between(random, 1.4, 2.1) : 1;
  const haze = kind === 'overexposed' ? between(random, 0, 40) : 0;
  const noise = dark ? between(random, 4, 8) : between(random, 1, 3);
  const data = new Uint8ClampedArray(light.length);
  for (let i = 0; i < light.length; i++) data[i] = gain * light[i]! + haze + noise * random.normal();
  return data;
}
