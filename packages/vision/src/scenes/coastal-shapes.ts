// The things of a scene as coloured polygons, drawn anew each time: boats with sails or a cabin, buoys of three kinds, birds
// on the wing or afloat. In units of a thing's size: x to the right from its middle, y down from its foot.

import type { Random } from '@tidecast/data';
import type { Point } from './polygon-coverage.ts';

/** Red, green and blue, from 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** A coloured polygon. */
export interface Patch {
  points: readonly Point[];
  colour: Colour;
}

/** A polygon for an ellipse about (x, y). */
export function ellipse(x: number, y: number, [rx, ry]: Point, corners = 20): Point[] {
  return Array.from({ length: corners }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / corners;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  });
}

/** A number drawn evenly from `from` to `to`. */
export function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random.uniform();
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.integer(choices.length)]!;
}

function box(x0: number, y0: number, x1: number, y1: number): Point[] {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

/** A colour near `colour`. */
function near(random: Random, [red, green, blue]: Colour): Colour {
  const move = () => between(random, -22, 22);
  return [red + move(), green + move(), blue + move()];
}

const HULLS: readonly Colour[] = [
  [235, 235, 230],
  [40, 60, 110],
  [150, 40, 40],
  [60, 110, 80],
  [90, 60, 40],
  [30, 30, 35],
];
const SAILS: readonly Colour[] = [
  [245, 240, 225],
  [215, 215, 220],
  [205, 110, 60],
  [200, 60, 60],
];

/** A boat about 1 wide, 0.35 (an open one) to 1 high. */
export function drawBoat(random: Random): Patch[] {
  const hull = near(random, pick(random, HULLS));
  const depth = between(random, 0.14, 0.2);
  const stem = between(random, 0.44, 0.5);
  const body: Point[] = [
    [-stem, -depth],
    [0.5, -depth - 0.03],
    [stem - 0.14, 0],
    [-stem + 0.1, 0],
  ];
  const patches: Patch[] = [];
  const kind = random.integer(3);
  if (kind === 0) {
    const top = -between(random, 0.85, 1);
    const mast = between(random, -0.05, 0.1);
    const sail = near(random, pick(random, SAILS));
    patches.push({ points: box(mast - 0.015, top, mast + 0.015, -depth), colour: [70, 55, 45] });
    patches.push({
      points: [
        [mast - 0.03, top + 0.04],
        [mast - 0.03, -depth - 0.06],
        [-between(random, 0.36, 0.45), -depth - 0.06],
      ],
      colour: sail,
    });
    if (random.uniform() < 0.7) {
      patches.push({
        points: [
          [mast + 0.04, top + 0.12],
          [mast + 0.04, -depth - 0.06],
          [between(random, 0.36, 0.46), -depth - 0.05],
        ],
        colour: near(random, sail),
      });
    }
  } else {
    // A cabin, or somebody in an open boat.
    const high = kind === 1 ? between(random, 0.18, 0.3) : 0.14;
    const from = between(random, -0.28, -0.05);
    const to = from + (kind === 1 ? between(random, 0.28, 0.42) : 0.12);
    const cabin = kind === 1 ? near(random, [225, 225, 220]) : near(random, [120, 70, 60]);
    patches.push({ points: box(from, -depth - high, to, -depth), colour: cabin });
    if (kind === 1) {
      patches.push({
        points: box(from + 0.05, -depth - 0.75 * high, to - 0.05, -depth - 0.35 * high),
        colour: [50, 70, 90],
      });
    } else {
      patches.push({
        points: ellipse((from + to) / 2, -depth - high - 0.05, [0.055, 0.055], 10),
        colour: [190, 150, 125],
      });
    }
  }
  patches.push({ points: body, colour: hull });
  const [red, green, blue] = hull;
  patches.push({
    points: [body[0]!, body[1]!, [0.48, -depth + 0.02], [-stem + 0.01, -depth + 0.04]],
    colour: [0.6 * red + 80, 0.6 * green + 80, 0.6 * blue + 80],
  });
  return patches;
}

const MARKS: readonly Colour[] = [
  [205, 40, 35],
  [35, 130, 60],
  [225, 185, 30],
];

/** A buoy about 0.45 wide and 1 high: a can, a cone or a pillar, most with a band. */
export function drawBuoy(random: Random): Patch[] {
  const colour = near(random, pick(random, MARKS));
  const float: Patch = { points: ellipse(0, -0.1, [0.24, 0.1]), colour: near(random, [60, 60, 65]) };
  const kind = random.integer(3);
  const half = kind === 2 ? 0.09 : between(random, 0.15, 0.2);
  const top = kind === 2 ? 0.08 : kind === 1 ? 0.02 : half;
  const width = (y: number) => half + (top - half) * ((-y - 0.1) / 0.7);
  const part = (low: number, high: number): Point[] => [
    [-width(low), low],
    [-width(high), high],
    [width(high), high],
    [width(low), low],
  ];
  const patches = [float, { points: part(-0.1, -0.8), colour }];
  if (random.uniform() < 0.7) {
    patches.push({
      points: part(-0.36, -0.55),
      colour: near(random, pick(random, [[235, 235, 230], ...MARKS])),
    });
  }
  // The lamp or topmark.
  patches.push({ points: box(-0.015, -0.9, 0.015, -0.78), colour: [50, 50, 50] });
  patches.push({ points: ellipse(0, -0.93, [0.06, 0.07], 12), colour: near(random, pick(random, MARKS)) });
  return patches;
}

const PLUMAGES: readonly Colour[] = [
  [240, 240, 240],
  [205, 208, 212],
  [45, 42, 42],
  [110, 92, 75],
];

/** A bird about 1 wide, 0.3 to 0.6 high: on the wing, or afloat. */
export function drawBird(random: Random): Patch[] {
  const plumage = near(random, pick(random, PLUMAGES));
  const beak: Colour = [225, 165, 40];
  if (random.uniform() < 0.3) {
    return [
      {
        points: [
          [-0.5, -0.3],
          [-0.2, -0.32],
          [-0.15, -0.12],
        ],
        colour: near(random, plumage),
      },
      { points: ellipse(0, -0.17, [0.36, 0.17]), colour: plumage },
      { points: ellipse(0.28, -0.36, [0.09, 0.18], 14), colour: plumage },
      { points: ellipse(0.33, -0.5, [0.1, 0.09], 14), colour: plumage },
      {
        points: [
          [0.4, -0.53],
          [0.5, -0.48],
          [0.4, -0.46],
        ],
        colour: beak,
      },
    ];
  }
  const lift = between(random, 0.15, 0.45);
  const depth = between(random, 0.1, 0.15);
  const tip = between(random, -0.6, 0.9) * lift;
  const wing = (side: 1 | -1): Point[] => [
    [0, -0.2 - depth / 2],
    [side * 0.22, -0.2 - lift],
    [side * 0.5, -0.2 - lift + tip],
    [side * 0.24, -0.2 - lift + depth],
    [side * 0.04, -0.2 + depth / 2],
  ];
  const dark: Colour = [40, 40, 42];
  const ends = ([, , end]: readonly Point[], side: 1 | -1): Point[] => [
    [end![0] - side * 0.1, end![1] - 0.3 * tip],
    end!,
    [end![0] - side * 0.09, end![1] - 0.3 * tip + 0.07],
  ];
  const wings = [wing(-1), wing(1)] as const;
  return [
    { points: wings[0], colour: near(random, plumage) },
    { points: wings[1], colour: near(random, plumage) },
    { points: ends(wings[0], -1), colour: dark },
    { points: ends(wings[1], 1), colour: dark },
    { points: ellipse(0.02, -0.18, [0.17, 0.08]), colour: plumage },
    { points: ellipse(0.19, -0.21, [0.07, 0.06], 12), colour: plumage },
    {
      points: [
        [0.24, -0.23],
        [0.32, -0.2],
        [0.24, -0.18],
      ],
      colour: beak,
    },
  ];
}
