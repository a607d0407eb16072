// Writing with a network that was trained to predict the next code of a sequence: it reads what it has written so far,
// one code is drawn from its answer, and so on. A recurrent network reads every code once and carries its state.

import { createRandom, type NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber } from '../check.ts';
import { advance, type States } from '../fit/carry.ts';
import { predict } from '../fit/evaluate.ts';
import { createBreather } from '../fit/event-loop.ts';
import { sampleSoftmax } from './sample-softmax.ts';

/** How to write. */
export interface GenerateOptions {
  /** The codes that the network reads before it writes, at least one. */
  prompt: ArrayLike<number>;
  /** How many codes to write. */
  count: number;
  /** How freely, see {@link sampleSoftmax}; default 1. */
  temperature?: number;
  /** The same seed writes the same. */
  seed: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/**
 * Continues `prompt` by `count` codes, and returns those. The model takes codes `[B, T, 1]` (or `[B, T, K]`, one-hot) and
 * gives the logits of the next code at every step, `[B, T, K]`, or after the last one, `[B, K]`.
 *
 * Models with recurrent states read one code at a time and carry their states, over any length. Others read all that is
 * there so far, or the last T codes where the length of their input is fixed.
 * @throws if an option is out of bounds, the model gives no logits for codes, or the prompt is shorter than a fixed input.
 */
export async function generate(model: Model, options: GenerateOptions): Promise<Int32Array> {
  const { prompt, count, temperature = 1, seed, signal } = options;
  checkNumber('generate: count', count, { min: 1, integer: true });
  checkNumber('generate: temperature', temperature, { min: 0 });
  checkNumber('generate: seed', seed, { integer: true });
  if (prompt.length === 0) {
    throw new Error('generate: the prompt must hold at least one code, got none. Begin with any code.');
  }
  const random = createRandom(seed, 'generate');
  const breathe = createBreather();
  const read = createReader(model);
  const written = new Int32Array(count);
  let logits = await read(Array.from(prompt));
  for (let i = 0; i < count; i++) {
    signal?.throwIfAborted();
    written[i] = sampleSoftmax(logits, { temperature, random });
    if (i + 1 < count) logits = await read([written[i]!]);
    await breathe();
  }
  return written;
}

/** A function that reads further codes and returns the logits of the next one. */
function createReader(model: Model): (codes: readonly number[]) => Promise<ArrayLike<number>> {
  const { input } = model.config;
  const steps = input[0];
  const channels = input[1] ?? 1;
  if (input.length > 2) {
    throw new Error(`generate: the model must take codes, [T, 1] or [T, K], got inputs of [${input}].`);
  }
  const inputOf = (codes: readonly number[]): NdArray => {
    if (channels === 1) {
      const shape = input.length === 1 ? [1, codes.length] : [1, codes.length, 1];
      return { data: Float32Array.from(codes), shape };
    }
    const data = new Float32Array(codes.length * channels);
    for (const [t, code] of codes.entries()) {
      checkNumber('generate: a code', code, { min: 0, max: channels - 1, integer: true });
      data[t * channels + code] = 1;
    }
    return { data, shape: [1, codes.length, channels] };
  };
  if (typeof model.states === 'object' && Object.keys(model.states).length > 0 && !steps) {
    let state: States = {};
    return async (codes) => {
      const result = await advance(model, inputOf(codes), { state });
      state = result.state;
      return lastLogits(result.output);
    };
  }
  const history: number[] = [];
  return async (codes) => {
    history.push(...codes);
    if (steps && history.length < steps) {
      throw new Error(
        `generate: the model reads ${steps} codes at a time, so the prompt must hold as many, got ${history.length}. ` +
          `Create a recurrent model with the input [null, ${channels}] to read any length.`,
      );
    }
    return lastLogits(await predict(model, inputOf(steps ? history.slice(-steps) : history)));
  };
}

/** The logits after the last step. */
function lastLogits({ data, shape }: NdArray): Float32Array {
  const classes = shape[shape.length - 1]!;
  if (shape.length !== 2 && shape.length !== 3) {
    throw new Error(`generate: the model must give logits [B, T, K] or [B, K], got [${shape.join(', ')}].`);
  }
  return data.subarray(data.length - classes);
}
