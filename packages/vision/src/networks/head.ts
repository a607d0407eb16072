// What a network is asked about a picture: the same features, other last layers.

import { dense, type LayerConfig } from '@tidecast/models';

/**
 * The question that the last layer answers, always as numbers without a bound (logits or values): the loss gives them
 * their meaning.
 * - `label`: one of K classes, logits `[B, K]`, trained with `crossEntropy()`.
 * - `labels`: any of K classes, logits `[B, K]`, trained with `binaryCrossEntropy()`.
 * - `values`: K real values `[B, K]`, trained with `mse()` or `huber()`.
 * - `box`: where the one object is and which of K classes it has: `[B, 4 + K]`, four values for the box, then logits,
 *   trained with `boxLoss({ classes: K })`.
 * - `none`: the features themselves, for another network to go on from.
 */
export type Head =
  | { type: 'label'; classes: number }
  | { type: 'labels'; classes: number }
  | { type: 'values'; values: number }
  | { type: 'box'; classes?: number }
  | { type: 'none' };

/** What every network here is told about its outputs: `classes` for one label, or any {@link Head}. */
export interface HeadOptions {
  /** Number of classes, short for `head: { type: 'label', classes }`. */
  classes?: number;
  head?: Head;
}

const BOX_VALUES = 4;

/**
 * The last layers for a question, to follow flat features `[B, F]`.
 * @throws unless exactly one of `classes` and `head` is given, or where its number is not a whole one from 1.
 */
export function headLayers({ classes, head }: HeadOptions): LayerConfig[] {
  if ((classes === undefined) === (head === undefined)) {
    const got = classes === undefined ? 'neither' : 'both';
    throw new Error(
      `network: expected either classes or a head, got ${got}. Give one, for example classes: 10.`,
    );
  }
  const units = outputsOf(head ?? { type: 'label', classes: classes! });
  return units === 0 ? [] : [dense({ units })];
}

function outputsOf(head: Head): number {
  switch (head.type) {
    case 'label':
    case 'labels':
      return counted(`${head.type}: classes`, head.classes);
    case 'values':
      return counted('values: values', head.values);
    case 'box':
      return BOX_VALUES + (head.classes === undefined ? 0 : counted('box: classes', head.classes));
    case 'none':
      return 0;
    default:
      throw new Error(
        `network: head must be of type label, labels, values, box or none, got ${JSON.stringify(head)}.`,
      );
  }
}

function counted(what: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`network: head ${what} must be a whole number from 1, got ${value}.`);
}
