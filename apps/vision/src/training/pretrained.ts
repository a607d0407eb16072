// Transfer: a trained classifier as the start of another one. All layers come with their weights but the last, which is new.

import { type Model, summarize } from '@tidecast/models';
import { loadImageClassifier, type Normalisation, replaceHead } from '@tidecast/vision';

/** What a training starts from. */
export interface Start {
  model: Model;
  input: [height: number, width: number, channels: 1 | 3];
  normalise?: Normalisation;
  /** Layers that are to stay as they are. */
  freeze: string[];
}

/** The classifier in `bytes` with a new last layer for `classes`. @throws if it is none, or does not end in a dense layer. */
export function startFrom(
  bytes: Uint8Array,
  classes: readonly string[],
  { seed, freeze }: { seed: number; freeze: boolean },
): Start {
  const { model: source, normalise } = loadImageClassifier(bytes);
  try {
    const { layers, input } = source.config;
    if (layers.at(-1)!.type !== 'dense') {
      throw new Error(`pretrained: the network must end in a dense layer, got ${layers.at(-1)!.type}.`);
    }
    if (input[2] === 4) throw new Error('pretrained: the network must take grey or RGB pictures, got RGBA.');
    const model = replaceHead(source, { classes: classes.length, seed });
    const before = summarize(model).rows.slice(0, -1);
    const weighty = before.filter(({ weights }) => Object.keys(weights).length > 0);
    return {
      ...{ model, input: input as Start['input'], normalise },
      freeze: freeze ? weighty.map(({ name }) => name) : [],
    };
  } finally {
    source.dispose();
  }
}
