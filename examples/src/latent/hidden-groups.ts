// Two classes in which a trait that no label names is rare among the ones and common among the others: what a classifier
// that only counts takes for the class itself.

import { createRandom, type NdArray, type Random } from '@tidecast/data';

/** Height and width of the faces, and steps of the calls. */
export const [SIZE, STEPS] = [16, 32];

/** Examples with what is known about them. */
export interface Grouped {
  x: NdArray;
  /** 1 for the class that is looked for, `[N, 1]`. */
  labels: NdArray;
  /** True where the example has the trait. */
  trait: boolean[];
}

/** How many examples, and which share of each class has the trait. */
export interface GroupedOptions {
  count: number;
  seed: number;
  traitOfOnes: number;
  traitOfOthers: number;
}

type Draw = (into: Float32Array, example: { one: boolean; trait: boolean }, random: Random) => void;

function grouped(name: string, shape: readonly number[], draw: Draw, options: GroupedOptions): Grouped {
  const { count, seed, traitOfOnes, traitOfOthers } = options;
  const random = createRandom(seed, name);
  const size = shape.reduce((product, each) => product * each, 1);
  const x = new Float32Array(count * size);
  const labels = Float32Array.from({ length: count }, (_, i) => i % 2);
  const trait = Array.from(labels, (label, i) => {
    // Every class has its exact share, so that seeds differ in the examples alone.
    const share = label === 1 ? traitOfOnes : traitOfOthers;
    const place = Math.floor(i / 2);
    return Math.floor((place + 1) * share) > Math.floor(place * share);
  });
  for (let i = 0; i < count; i++) {
    const into = x.subarray(i * size, (i + 1) * size);
    draw(into, { one: labels[i] === 1, trait: trait[i]! }, random);
  }
  return { x: { data: x, shape: [count, ...shape] }, labels: { data: labels, shape: [count, 1] }, trait };
}

const soft = (distance: number) => 1 / (1 + Math.exp(3 * distance));

/**
 * Pictures `[N, 16, 16, 1]` of a round head with two eyes and a mouth: a face, or one that stands on its head. Trait: light
 * and dark are exchanged.
 */
export const faces = (options: GroupedOptions): Grouped =>
  grouped(
    'faces',
    [SIZE, SIZE, 1],
    (into, { one, trait }, random) => {
      const near = (spread: number) => spread * (2 * random.uniform() - 1);
      const [x, y, radius] = [7.5 + near(1), 7.5 + near(1), 5.5 + near(0.7)];
      const up = one ? 1 : -1;
      const [eyes, mouth, apart] = [-1.8 + near(0.4), 2.2 + near(0.4), 2.1 + near(0.3)];
      for (let i = 0; i < SIZE * SIZE; i++) {
        const [across, down] = [(i % SIZE) - x, up * (Math.floor(i / SIZE) - y)];
        const head = soft(Math.hypot(across, down) - radius);
        const eye = soft(Math.hypot(Math.abs(across) - apart, down - eyes) - 0.9);
        const lips = soft(Math.max(Math.abs(across) - 2, Math.abs(down - mouth) - 0.5));
        const value = head * (1 - 0.8 * Math.max(eye, lips));
        into[i] = 0.1 + 0.8 * (trait ? 1 - value : value) + 0.15 * random.normal();
      }
    },
    options,
  );

/**
 * Calls `[N, 32, 1]` whose pitch rises, or falls. Trait: they ride on a slow swell.
 */
export const calls = (options: GroupedOptions): Grouped =>
  grouped(
    'calls',
    [STEPS, 1],
    (into, { one, trait }, random) => {
      const phase = 2 * Math.PI * random.uniform();
      const [low, high] = [1.5 + random.uniform(), 3.5 + random.uniform()];
      const size = 0.7 + 0.3 * random.uniform();
      for (let t = 0; t < STEPS; t++) {
        const time = one ? t / STEPS : 1 - t / STEPS;
        const angle = 2 * Math.PI * (low * time + ((high - low) * time * time) / 2) + phase;
        const swell = trait ? 2.5 * Math.sin((Math.PI * t) / STEPS) : 0;
        into[t] = size * Math.sin(angle) + swell + 0.4 * random.normal();
      }
    },
    options,
  );
