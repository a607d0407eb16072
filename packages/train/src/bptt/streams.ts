// Long sequences as training examples: cut into pieces that follow each other from batch to batch, so that the states go on
// where the gradients stop. That is backpropagation through time, truncated.

import {
  type Batch,
  createRandom,
  type EpochRequest,
  type NdArray,
  type Samples,
  shuffle,
} from '@tidecast/data';
import { checkNumber, sameShape } from '../check.ts';

/** Sequences with something to learn at every step. */
export interface StreamSource {
  /** Inputs: one sequence `[T, C]`, or a list of sequences of any lengths. */
  x: NdArray | readonly NdArray[];
  /** Targets of every step, `[T, K]` for each sequence. */
  y: NdArray | readonly NdArray[];
  /** Weights shaped like y; default 1. With 0 at all steps but the last, the loss stands at the end alone. */
  weight?: NdArray | readonly NdArray[];
  /** `[T]`: 1 where an input step is real, 0 where it is padding; default: all real. */
  mask?: NdArray | readonly NdArray[];
}

/** How sequences are cut. */
export interface StreamOptions {
  /**
   * Rows of a batch, each a stream of its own. One sequence is cut into as many parts of one length; of a list, every row
   * takes whole sequences one after the other.
   */
  batchSize: number;
  /** k2: steps of one example, through which gradients flow back. */
  steps: number;
  /** k1: new steps of each update, at most k2; default k2. */
  every?: number;
}

/** A part of a sequence that one row goes through from its first step, with a state of zeros, to its last. */
interface Segment {
  sequence: number;
  from: number;
  length: number;
  /** Examples it makes, and the first of them in its row. */
  examples: number;
  first: number;
}

/**
 * Samples of truncated BPTT: example j of a stream ends at step (j + 1)·k1 and begins k2 steps before, from the state that the
 * stream had there. Its loss covers the k1 new steps; the k2 − k1 before them weigh 0, and only pass gradients back. So every
 * step counts once, and no gradient reaches further back than k2 steps. With k1 = k2 the pieces follow each other without overlap;
 * with k2 at least as long as the sequences this is full BPTT.
 *
 * The state at the begin of an example is the one that the example before has computed, with the weights of its time. Steps
 * before the first and after the last one are masked and weigh 0. The loss is the mean over the steps that weigh, so a sum over steps
 * is this mean with a learning rate as many times as large. Each epoch goes through all streams from their begin; the
 * sequences of a row come in a new order.
 * @throws if shapes do not fit each other, or an option is out of bounds.
 * Source: Williams, Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent network trajectories",
 * Neural Computation 2 (BPTT(h; h′) with h = k2, h′ = k1).
 */
export function streams(source: StreamSource, { batchSize, steps, every = steps }: StreamOptions): Samples {
  checkNumber('streams: batchSize', batchSize, { min: 1, integer: true });
  checkNumber('streams: steps', steps, { min: 1, integer: true });
  checkNumber('streams: every', every, { min: 1, max: steps, integer: true });
  const { x, y, weight, mask } = checkSource(source);
  const rows = Array.isArray(source.x) ? packed(x, batchSize, every) : cut(x[0]!, batchSize, every);
  const positions = Math.max(...rows.map((row) => row.reduce((sum, { examples }) => sum + examples, 0)));
  const count = positions * batchSize;
  const [C, K] = [x[0]!.shape[1]!, y[0]!.shape[1]!];

  const segmentAt = (index: number) => {
    const position = Math.floor(index / batchSize);
    const row = rows[index % batchSize]!;
    return { position, segment: row.find(({ first, examples }) => position < first + examples) };
  };
  return {
    count,
    batchSize,
    xShape: [steps, C],
    yShape: [steps, K],
    batch(indices) {
      const B = indices.length;
      const out = {
        x: zeros(B, steps, C),
        y: zeros(B, steps, K),
        mask: zeros(B, steps),
        weight: zeros(B, steps, K),
        carry: zeros(B),
      };
      for (let b = 0; b < B; b++) {
        const index = checkNumber('streams: index', indices[b], { min: 0, max: count - 1, integer: true });
        const { position, segment } = segmentAt(index);
        if (!segment) continue;
        const { sequence, from, length, first } = segment;
        const fresh = (position - first) * every;
        const start = fresh + every - steps;
        out.carry.data[b] = Number(position > first);
        for (let s = Math.max(0, -start); s < steps && start + s < length; s++) {
          const [to, t] = [b * steps + s, from + start + s];
          out.x.data.set(x[sequence]!.data.subarray(t * C, (t + 1) * C), to * C);
          out.y.data.set(y[sequence]!.data.subarray(t * K, (t + 1) * K), to * K);
          out.mask.data[to] = mask ? mask[sequence]!.data[t]! : 1;
          if (start + s < fresh) continue;
          for (let k = 0; k < K; k++) {
            out.weight.data[to * K + k] = weight ? weight[sequence]!.data[t * K + k]! : 1;
          }
        }
      }
      const { mask: real, weight: weighs, ...rest } = out;
      const batch: Batch = rest;
      if (!real.data.every((value) => value === 1)) batch.mask = real;
      if (!weighs.data.every((value) => value === 1)) batch.weight = weighs;
      if (every < steps) batch.carryAfter = every;
      return batch;
    },
    order({ seed, epoch }: EpochRequest) {
      const order = new Uint32Array(count);
      for (const [r, row] of rows.entries()) {
        const random = createRandom(seed, 'streams', epoch, r);
        const shuffled = shuffle(Uint32Array.from(row.keys()), random);
        const used = [...shuffled].flatMap((i) => range(row[i]!.first, row[i]!.examples));
        const all = [...used, ...range(used.length, positions - used.length)];
        for (const [p, position] of all.entries()) order[p * batchSize + r] = position * batchSize + r;
      }
      return order;
    },
  };
}

/** One sequence in `batchSize` rows of one length; the last may be shorter. */
function cut({ shape }: NdArray, batchSize: number, every: number): Segment[][] {
  const steps = shape[0]!;
  const length = Math.ceil(steps / batchSize);
  return range(0, batchSize).map((row) => {
    const own = Math.min(length, steps - row * length);
    if (own <= 0) return [];
    return [{ sequence: 0, from: row * length, length: own, examples: Math.ceil(own / every), first: 0 }];
  });
}

/** Whole sequences over the rows: the longest first, each to the row that has the least. */
function packed(x: readonly NdArray[], batchSize: number, every: number): Segment[][] {
  const rows: Segment[][] = range(0, batchSize).map(() => []);
  const lengths = rows.map(() => 0);
  const longestFirst = range(0, x.length).sort((a, b) => x[b]!.shape[0]! - x[a]!.shape[0]! || a - b);
  for (const sequence of longestFirst) {
    const row = lengths.indexOf(Math.min(...lengths));
    const length = x[sequence]!.shape[0]!;
    const examples = Math.ceil(length / every);
    rows[row]!.push({ sequence, from: 0, length, examples, first: lengths[row]! });
    lengths[row]! += examples;
  }
  return rows;
}

type Sequences = Record<'x' | 'y', readonly NdArray[]> &
  Partial<Record<'weight' | 'mask', readonly NdArray[]>>;

/** The source as lists. @throws where shapes do not fit each other. */
function checkSource(source: StreamSource): Sequences {
  const list = (what: 'x' | 'y' | 'weight' | 'mask') => {
    const given = source[what];
    if (given === undefined) return undefined;
    const all = (Array.isArray(given) ? given : [given]) as readonly NdArray[];
    for (const { data, shape } of all) {
      const size = shape.reduce((product, each) => product * each, 1);
      if (data.length !== size || size === 0 || shape.length !== (what === 'mask' ? 1 : 2)) {
        const expected = { x: '[T, C]', y: '[T, K]', weight: 'shaped like y', mask: '[T]' }[what];
        throw new Error(
          `streams: ${what} must be ${expected}, got shape [${shape.join(', ')}] with ${data.length} values.`,
        );
      }
    }
    return all;
  };
  const [x, y, weight, mask] = [list('x')!, list('y')!, list('weight'), list('mask')];
  if (x.length === 0) throw new Error('streams: expected at least one sequence, got none.');
  for (const [what, all] of Object.entries({ y, weight, mask })) {
    if (all && all.length !== x.length) {
      throw new Error(`streams: ${what} must hold ${x.length} sequences like x, got ${all.length}.`);
    }
  }
  for (const [i, { shape }] of x.entries()) {
    const [steps, channels] = shape;
    const expect = (what: string, got: readonly number[] | undefined, expected: number[]) => {
      if (!got || sameShape(got, expected)) return;
      throw new Error(
        `streams: ${what} of sequence ${i} must be [${expected.join(', ')}], got [${got.join(', ')}].`,
      );
    };
    expect('x', [steps!, channels!], [steps!, x[0]!.shape[1]!]);
    expect('y', y[i]!.shape, [steps!, y[0]!.shape[1]!]);
    expect('weight', weight?.[i]?.shape, y[i]!.shape);
    expect('mask', mask?.[i]?.shape, [steps!]);
  }
  return { x, y, ...(weight && { weight }), ...(mask && { mask }) };
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i);
}

function zeros(...shape: number[]): NdArray {
  return { data: new Float32Array(shape.reduce((product, size) => product * size, 1)), shape };
}
