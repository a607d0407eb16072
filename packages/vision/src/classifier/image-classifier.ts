// A trained network for pictures with all that it takes to use it: what is saved, shipped and loaded.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import { type Model, summarize } from '@tidecast/models';
import { type Image, withChannels } from '../image/image.ts';
import { pictureShape } from '../insight/picture-input.ts';
import { type Normalisation, pixelWriter } from '../samples/image-pixels.ts';
import { resize } from '../transforms/resize.ts';

/** A network that tells classes of pictures, with its classes and its preprocessing. */
export interface ImageClassifier {
  /** Takes `[B, H, W, C]` of normalised pixels and gives logits `[B, K]`. */
  readonly model: Model;
  /** Names of the K classes, in the order of the logits. */
  readonly classes: readonly string[];
  /** `label`: exactly one class is true (softmax). `labels`: any number of them (a sigmoid each). */
  readonly head: 'label' | 'labels';
  /** As in training; absent: values 0 … 1. */
  readonly normalise?: Normalisation;
  /** Logits are divided by it (Guo et al. 2017): probabilities as sure as they are right. 1: as the network has them. */
  readonly temperature: number;
  /** How it came about, as plain data, for example seed, epochs and scores. */
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** Parts of an {@link ImageClassifier}; what is left out has the default. */
export type ImageClassifierParts = Pick<ImageClassifier, 'model' | 'classes'> &
  Partial<Omit<ImageClassifier, 'model' | 'classes'>>;

/**
 * Puts a classifier together.
 * @throws if the network takes no pictures, gives not one logit for each class, or a part makes no sense.
 */
export function createImageClassifier(parts: ImageClassifierParts): ImageClassifier {
  const { model, classes, head = 'label', normalise, temperature = 1, provenance = {} } = parts;
  const [, , channels] = pictureShape('imageClassifier', model);
  const { rows } = summarize(model);
  const output = rows.at(-1)!.outputShape;
  if (output.length !== 1 || output[0] !== classes.length) {
    throw new Error(
      `imageClassifier: the network must give ${classes.length} logits, one for each class, got [${output.join(', ')}].`,
    );
  }
  if (new Set(classes).size !== classes.length) {
    throw new Error(`imageClassifier: classes must have different names, got ${classes.join(', ')}.`);
  }
  if (head !== 'label' && head !== 'labels') {
    throw new Error(`imageClassifier: head must be 'label' or 'labels', got ${JSON.stringify(head)}.`);
  }
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new Error(`imageClassifier: temperature must be greater than 0, got ${temperature}.`);
  }
  pixelWriter(channels, normalise);
  return { model, classes: [...classes], head, ...(normalise && { normalise }), temperature, provenance };
}

/** How to classify. */
export interface ClassifyOptions {
  /** Pictures to run at once; default 64. */
  batchSize?: number;
}

/**
 * The probabilities of the classes, `[N, K]`, for N pictures of any size: they are brought to the size and the channels that
 * the network takes.
 */
export async function classify(
  classifier: ImageClassifier,
  images: readonly Image[],
  { batchSize = 64 }: ClassifyOptions = {},
): Promise<NdArray> {
  if (!(Number.isInteger(batchSize) && batchSize >= 1)) {
    throw new Error(`classify: batchSize must be a whole number from 1, got ${batchSize}.`);
  }
  const { model, classes } = classifier;
  const result = new Float32Array(images.length * classes.length);
  for (let from = 0; from < images.length; from += batchSize) {
    const x = inputsOf(classifier, images.slice(from, from + batchSize));
    const logits = model.infer?.(x) ?? (await applied(model, x));
    result.set(probabilitiesOf(classifier, logits.data), from * classes.length);
  }
  return { data: result, shape: [images.length, classes.length] };
}

/** The picture in the size and with the channels that the network of a classifier takes. */
export function fitToInput({ config: { input } }: Model, image: Image): Image {
  const [height, width, channels] = input as [number, number, Image['channels']];
  const picture = withChannels(image, channels);
  return picture.height === height && picture.width === width ? picture : resize(picture, { height, width });
}

/** Logits as probabilities, at the classifier's temperature: `[N, K]` both, row-major. */
export function probabilitiesOf(
  { classes, head, temperature }: Pick<ImageClassifier, 'classes' | 'head' | 'temperature'>,
  logits: ArrayLike<number>,
): Float32Array {
  const K = classes.length;
  const result = new Float32Array(logits.length);
  for (let from = 0; from < logits.length; from += K) {
    if (head === 'labels') {
      for (let k = from; k < from + K; k++) result[k] = 1 / (1 + Math.exp(-logits[k]! / temperature));
      continue;
    }
    let largest = -Infinity;
    for (let k = from; k < from + K; k++) largest = Math.max(largest, logits[k]!);
    let sum = 0;
    for (let k = from; k < from + K; k++) sum += Math.exp((logits[k]! - largest) / temperature);
    for (let k = from; k < from + K; k++) {
      result[k] = Math.exp((logits[k]! - largest) / temperature) / sum;
    }
  }
  return result;
}

function inputsOf({ model, normalise }: ImageClassifier, images: readonly Image[]): NdArray {
  const shape = [...model.config.input] as number[];
  const size = shape.reduce((product, each) => product * each, 1);
  const data = new Float32Array(images.length * size);
  const write = pixelWriter(shape[2]!, normalise);
  images.forEach((image, i) => {
    write(fitToInput(model, image), data.subarray(i * size, (i + 1) * size));
  });
  return { data, shape: [images.length, ...shape] };
}

async function applied(model: Model, { data, shape }: NdArray): Promise<NdArray> {
  const output = tf.tidy(() => model.apply(tf.tensor(data, shape)));
  try {
    return { data: (await output.data()) as Float32Array, shape: [...output.shape] };
  } finally {
    output.dispose();
  }
}
