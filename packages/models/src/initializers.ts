// First values of weights, described as data and drawn from the seed and the weight's name.

import { createRandom, type Random } from '@tidecast/data';
import { randomOrthogonal } from './orthogonal.ts';
import { describe, type Setting } from './settings.ts';

/**
 * How a weight starts. For a kernel with `in` inputs and `out` outputs:
 * - `glorotUniform`: U(−a, a), a = √(6 / (in + out)); `glorotNormal`: variance 2 / (in + out), normal cut at 2σ
 *   (Glorot, Bengio 2010).
 * - `heUniform`: U(−a, a), a = √(6 / in); `heNormal`: variance 2 / in, normal cut at 2σ (He et al. 2015).
 * - `orthogonal`: orthonormal rows or columns, times `gain` (Saxe et al. 2014).
 * - `identity`: ones on the diagonal, times `gain`. With zero bias and relu this is the IRNN of
 *   Le, Jaitly, Hinton 2015.
 * - `normal`: N(mean, sigma²); `uniform`: U(−limit, limit); `constant`, `zeros`, `ones`.
 *
 * Each gate of a recurrent kernel is a matrix of its own: `out` is H, not 4H.
 */
export type Initializer =
  | SimpleInitializer
  | { type: SimpleInitializer }
  | { type: 'orthogonal' | 'identity'; gain?: number }
  | { type: 'normal'; sigma: number; mean?: number }
  | { type: 'uniform'; limit: number }
  | { type: 'constant'; value: number };

type SimpleInitializer =
  | 'zeros'
  | 'ones'
  | 'glorotUniform'
  | 'glorotNormal'
  | 'heUniform'
  | 'heNormal'
  | 'orthogonal'
  | 'identity';

/** One block of a weight: `shape` with the fans of its matrix view `[rows, columns]`. */
interface Block {
  size: number;
  rows: number;
  columns: number;
  fanIn: number;
  fanOut: number;
}

interface Method {
  /** Numbers it takes: true where required. */
  parameters: Readonly<Record<string, boolean>>;
  /** True where it needs a matrix, so that it cannot start a bias. */
  matrix: boolean;
  draw(block: Block, random: Random, parameters: Readonly<Record<string, number>>): ArrayLike<number>;
}

const fill = (block: Block, value: () => number) => Float64Array.from({ length: block.size }, value);
const uniform = (block: Block, random: Random, limit: number) =>
  fill(block, () => limit * (2 * random.uniform() - 1));

/** Standard deviation of N(0, 1) cut at ±2: √(1 − 4φ(2) / (2Φ(2) − 1)). */
const CUT_NORMAL_SD = 0.8796256610342398;

function cutNormal(block: Block, random: Random, variance: number): Float64Array {
  const sigma = Math.sqrt(variance) / CUT_NORMAL_SD;
  return fill(block, () => {
    for (;;) {
      const value = random.normal();
      if (Math.abs(value) <= 2) return sigma * value;
    }
  });
}

const methods: Readonly<Record<string, Method>> = {
  zeros: { parameters: {}, matrix: false, draw: (block) => fill(block, () => 0) },
  ones: { parameters: {}, matrix: false, draw: (block) => fill(block, () => 1) },
  constant: {
    parameters: { value: true },
    matrix: false,
    draw: (block, _random, { value }) => fill(block, () => value!),
  },
  normal: {
    parameters: { sigma: true, mean: false },
    matrix: false,
    draw: (block, random, { sigma, mean = 0 }) => fill(block, () => mean + sigma! * random.normal()),
  },
  uniform: {
    parameters: { limit: true },
    matrix: false,
    draw: (block, random, { limit }) => uniform(block, random, limit!),
  },
  glorotUniform: {
    parameters: {},
    matrix: true,
    draw: (block, random) => uniform(block, random, Math.sqrt(6 / (block.fanIn + block.fanOut))),
  },
  glorotNormal: {
    parameters: {},
    matrix: true,
    draw: (block, random) => cutNormal(block, random, 2 / (block.fanIn + block.fanOut)),
  },
  heUniform: {
    parameters: {},
    matrix: true,
    draw: (block, random) => uniform(block, random, Math.sqrt(6 / block.fanIn)),
  },
  heNormal: {
    parameters: {},
    matrix: true,
    draw: (block, random) => cutNormal(block, random, 2 / block.fanIn),
  },
  orthogonal: {
    parameters: { gain: false },
    matrix: true,
    draw: (block, random, { gain = 1 }) =>
      randomOrthogonal(block.rows, block.columns, random).map((value) => gain * value),
  },
  identity: {
    parameters: { gain: false },
    matrix: true,
    draw({ size, rows, columns }, _random, { gain = 1 }) {
      const values = new Float64Array(size);
      for (let i = 0; i < Math.min(rows, columns); i++) values[i * columns + i] = gain;
      return values;
    },
  },
};

/** Why `value` is not an initialiser, or undefined where it is one. */
function problem(value: unknown): string | undefined {
  const names = Object.keys(methods).join(', ');
  const given = typeof value === 'string' ? { type: value } : value;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return `a name or { type, … } of ${names}`;
  const { type, ...parameters } = given as Record<string, unknown>;
  if (typeof type !== 'string' || !Object.hasOwn(methods, type)) return `one of ${names}`;
  const known = methods[type]!.parameters;
  for (const [key, required] of Object.entries(known)) {
    if (required && parameters[key] === undefined) return `{ type: '${type}', ${key}: … }`;
  }
  for (const [key, parameter] of Object.entries(parameters)) {
    if (parameter === undefined) continue;
    if (!Object.hasOwn(known, key))
      return `'${type}' with ${Object.keys(known).join(', ') || 'no further settings'}`;
    if (typeof parameter !== 'number' || !Number.isFinite(parameter)) return `'${type}' with a finite ${key}`;
    if ((key === 'sigma' || key === 'limit') && parameter < 0) return `'${type}' with ${key} ≥ 0`;
  }
  return undefined;
}

/** A setting that holds an initialiser. `role` 'bias' refuses those that need a matrix. */
export function initializerSetting(fallback: Initializer, role: 'kernel' | 'bias' = 'kernel'): Setting {
  const needsMatrix = (value: unknown) => methods[typeName(value as Initializer)]!.matrix;
  const fitting = Object.entries(methods).filter(([, method]) => role === 'kernel' || !method.matrix);
  return {
    expected:
      `an initialiser: ${fitting.map(([name]) => name).join(', ')}, ` +
      "with its parameters, for example { type: 'normal', sigma: 0.1 }",
    accepts: (value) => problem(value) === undefined && (role === 'kernel' || !needsMatrix(value)),
    default: fallback,
    trainingOnly: true,
  };
}

function typeName(initializer: Initializer): string {
  return typeof initializer === 'string' ? initializer : initializer.type;
}

/**
 * First values of a weight of the given shape: a matrix `[in, out]`, a convolution kernel `[size, in, out]`
 * (in = size·in, out = size·out as its fans), or a bias `[out]`.
 * Several initialisers fill equal blocks along the last axis, one for each gate.
 * The stream is `createRandom(seed, 'init', name)`: independent of the other weights and of their order.
 */
export function initialize(
  initializer: Initializer | readonly Initializer[],
  shape: readonly number[],
  source: { seed: number; name: string },
): Float32Array {
  const random = createRandom(source.seed, 'init', source.name);
  const each = Array.isArray(initializer)
    ? (initializer as readonly Initializer[])
    : [initializer as Initializer];
  const columns = shape[shape.length - 1]!;
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const width = columns / each.length;
  if (!Number.isInteger(width)) {
    throw new Error(`${source.name}: ${columns} columns do not split into ${each.length} equal blocks.`);
  }
  const window = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const block: Block = { size: rows * width, rows, columns: width, fanIn: rows, fanOut: window * width };
  const values = new Float32Array(rows * columns);
  each.forEach((one, position) => {
    const reason = problem(one);
    if (reason) throw new Error(`${source.name}: its initialiser must be ${reason}, got ${describe(one)}.`);
    const method = methods[typeName(one)]!;
    if (method.matrix && shape.length < 2) {
      throw new Error(`${source.name}: '${typeName(one)}' needs a matrix, got shape [${shape.join(', ')}].`);
    }
    const parameters = typeof one === 'string' ? {} : (one as unknown as Record<string, number>);
    const drawn = method.draw(block, random, parameters);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < width; column++) {
        values[row * columns + position * width + column] = drawn[row * width + column]!;
      }
    }
  });
  return values;
}
