// The copy task: whether a recurrent network remembers a string over a long time, in order.

import type { Samples } from '../samples.ts';
import { checkWhole, drawnSamples } from './drawn-samples.ts';

/** The sizes of a {@link copyTask}. */
export interface CopyTaskSize {
  /** Blanks T between the string and its repetition. */
  blanks: number;
  /** Length K of the string; default 10. */
  symbols?: number;
  /** How many kinds of symbols there are; default 8. */
  alphabet?: number;
}

/** Which examples {@link copyTask} draws. */
export interface CopyTaskOptions extends CopyTaskSize {
  /** How many examples there are. Nothing is stored, so a training may have a new one for every step it makes. */
  count: number;
  /** Fixes all examples; another seed gives others, for a test. */
  seed: number;
}

/**
 * The copy task (Hochreiter and Schmidhuber 1997), in the form of Arjovsky, Shah and Bengio 2016: K random symbols, T − 1
 * blanks, a delimiter, K blanks. The target is a blank at each of the first T + K steps, and then the K symbols in their
 * order. Both are one-hot: symbols first, then the blank, then (in x alone) the delimiter.
 * x `[T + 2K, alphabet + 2]`, y `[T + 2K, alphabet + 1]`, for cross-entropy on every step.
 * @throws if a size, the count or the seed is out of bounds.
 */
export function copyTask(options: CopyTaskOptions): Samples {
  const { blanks, symbols, alphabet } = checkedSize(options);
  const steps = blanks + 2 * symbols;
  const [inputs, classes] = [alphabet + 2, alphabet + 1];
  const [blank, delimiter] = [alphabet, alphabet + 1];
  return drawnSamples({
    name: 'copyTask',
    count: options.count,
    seed: options.seed,
    xShape: [steps, inputs],
    yShape: [steps, classes],
    draw({ x, y }, random) {
      for (let t = symbols; t < steps; t++) x[t * inputs + blank] = 1;
      const before = symbols + blanks - 1;
      x[before * inputs + blank] = 0;
      x[before * inputs + delimiter] = 1;
      for (let t = 0; t <= before; t++) y[t * classes + blank] = 1;
      for (let k = 0; k < symbols; k++) {
        const symbol = random.integer(alphabet);
        x[k * inputs + symbol] = 1;
        y[(before + 1 + k) * classes + symbol] = 1;
      }
    },
  });
}

/**
 * Mean cross-entropy [nats a step] of the best answer without memory to a {@link copyTask}: it knows when to be blank and
 * guesses the symbols, K · ln(alphabet) / (T + 2K).
 */
export function copyBaseline(size: CopyTaskSize): number {
  const { blanks, symbols, alphabet } = checkedSize(size);
  return (symbols * Math.log(alphabet)) / (blanks + 2 * symbols);
}

function checkedSize({ blanks, symbols = 10, alphabet = 8 }: CopyTaskSize): Required<CopyTaskSize> {
  checkWhole('copyTask: blanks', blanks, 1);
  checkWhole('copyTask: symbols', symbols, 1);
  checkWhole('copyTask: alphabet', alphabet, 2);
  return { blanks, symbols, alphabet };
}
