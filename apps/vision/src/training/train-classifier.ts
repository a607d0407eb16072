// The whole way from a list of pictures to a scored, calibrated, explained classifier. Nothing here knows whether it runs in
// Node or on a page: how a picture is decoded is handed in.

import * as tf from '@tensorflow/tfjs-core';
import {
  classScores,
  confusionMatrix,
  expectedCalibrationError,
  fitTemperature,
  mostLikely,
} from '@tidecast/eval';
import { createModel } from '@tidecast/models';
import {
  adam,
  type CheckpointTarget,
  classWeights,
  crossEntropy,
  fit,
  type History,
  type ProgressEvent,
  predict,
  weightedResampling,
} from '@tidecast/train';
import {
  checkImages,
  contactSheet,
  countClasses,
  createImage,
  createImageClassifier,
  type DecodedImageSamplesOptions,
  type Image,
  type ImageDecoder,
  type ImageList,
  type ImageSplit,
  imageSamples,
  mixup,
  probabilitiesOf,
  splitImages,
} from '@tidecast/vision';
import { explainSome } from './explain.ts';
import { networkConfig } from './networks.ts';
import { augmentationSteps, type TrainingOptions, trainingOptions } from './options.ts';
import { startFrom } from './pretrained.ts';
import { survey } from './survey.ts';
import type { TestResult, ToldOptions, TrainingRun } from './training-run.ts';

/** What a training needs from the world around it. */
export interface TrainingContext {
  decode: ImageDecoder;
  signal?: AbortSignal;
  onStage?(text: string): void;
  onProgress?(event: ProgressEvent): void;
  checkpoint?: CheckpointTarget;
  resume?: Uint8Array;
}

/** Memory for pictures that are decoded already [bytes]. */
const CACHE = 256 * 2 ** 20;
/** Fewest pictures of a class: one to train on, one to validate on, one to test on. */
const FEWEST = 3;

/**
 * Trains on `list` and scores on a part of it that decides nothing: epochs and temperature are chosen on the validation part.
 * The same seed gives the same run on the same backend.
 * @throws if an option is out of bounds, there are too few pictures, or one cannot be decoded; `signal.reason` once aborted.
 */
export async function trainClassifier(
  given: ImageList,
  partial: Partial<TrainingOptions>,
  context: TrainingContext,
): Promise<TrainingRun> {
  const options = trainingOptions(partial);
  const { decode, signal, onStage = () => {} } = context;
  const { seed, batchSize } = options;
  const started = performance.now();
  onStage(`looking at ${given.items.length} pictures`);
  const { list, refused } = options.skipBad
    ? await checkImages(given, { decode, signal })
    : { list: given, refused: [] };
  const { classes } = list;
  const split = splitList(list, options);

  const found = await survey(split.train, { decode, size: options.size, seed, signal });
  const start =
    options.pretrained && startFrom(options.pretrained, classes, { seed, freeze: options.freeze });
  const told: ToldOptions = start
    ? { ...options, network: 'pretrained', pretrained: true }
    : { ...options, pretrained: false };
  const { input, normalise } = start ?? found;
  const [height, width] = input;
  const shared: DecodedImageSamplesOptions = {
    ...{ input, normalise, decode },
    transforms: [{ type: 'resize', height, width }],
    cacheBytes: CACHE,
  };
  const augmentation = augmentationSteps(options.augmentation, height);
  const training = imageSamples(split.train, { ...shared, augmentation });
  const validation = imageSamples(split.validation, shared);
  const testing = imageSamples(split.test, shared);

  const model = start?.model ?? createModel(networkConfig(options.network, input, classes.length), { seed });
  let path: TrainingRun['path'] = 'tape';
  let parameters = 0;
  try {
    const weights = options.balance === 'none' ? undefined : classWeights(training.labels);
    const balanced =
      options.balance === 'resample' ? weightedResampling(training, weights!.byExample) : training;
    const history = await fit(
      model,
      options.mixup > 0 ? mixup(balanced, { alpha: options.mixup }) : balanced,
      {
        loss: crossEntropy(options.balance === 'weights' ? { classWeights: [...weights!.byClass] } : {}),
        optimizer: adam({ learningRate: options.learningRate }),
        schedule: { type: 'cosine' },
        clip: { norm: 5 },
        ...{ seed, batchSize, validation, signal },
        epochs: options.epochs,
        earlyStopping: { patience: options.epochs },
        ...(start && start.freeze.length > 0 && { freeze: start.freeze }),
        ...(context.checkpoint && { checkpoint: context.checkpoint }),
        ...(context.resume && { resume: context.resume }),
        onProgress(event) {
          if (event.kind === 'start' || event.kind === 'path') path = event.path;
          if (event.kind === 'start') parameters = event.parameters;
          context.onProgress?.(event);
        },
      },
    );

    onStage('scoring');
    const validated = await predict(model, validation, { batchSize, signal });
    const temperature = temperatureOf(validated.data, validation.labels, classes.length);
    const classifier = createImageClassifier({
      ...{ model, classes, normalise, temperature },
      provenance: provenanceOf(told, history, split),
    });
    const logits = await predict(model, testing, { batchSize, signal });
    const test = scored(split.test, testing.labels, {
      rawProbabilities: probabilitiesOf({ ...classifier, temperature: 1 }, logits.data),
      probabilities: probabilitiesOf(classifier, logits.data),
    });
    onStage('explaining');
    return {
      options: told,
      ...{ classifier, history, path, parameters, test },
      backend: tf.getBackend(),
      counts: {
        train: countsOf(split.train),
        validation: countsOf(split.validation),
        test: countsOf(split.test),
      },
      refused: refused.map(({ item, reason }) => ({ path: item.path, reason })),
      ...(await explainSome(classifier, test, context)),
      augmented: await augmentedSheet(split.train, { ...shared, augmentation }, seed),
      seconds: (performance.now() - started) / 1000,
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function splitList(list: ImageList, { validation, test, seed }: TrainingOptions): ImageSplit {
  const { classes } = list;
  if (classes.length < 2) {
    throw new Error(`expected pictures of at least two classes, got ${classes.join(', ') || 'none'}.`);
  }
  const counts = countsOf(list);
  const rare = counts.findIndex((count) => count < FEWEST);
  if (rare >= 0) {
    throw new Error(
      `expected at least ${FEWEST} pictures of each class, got ${counts[rare]} of '${classes[rare]}'. Add some, or leave the class out.`,
    );
  }
  const split = splitImages(list, { validation, test, seed });
  for (const name of ['train', 'validation', 'test'] as const) {
    const missing = countsOf(split[name]).indexOf(0);
    if (missing < 0) continue;
    throw new Error(
      `expected pictures of every class in every part, but the ${name} part has none of '${classes[missing]}'. ` +
        'Add pictures of it, or choose larger shares for validation and test.',
    );
  }
  return split;
}

/** In the order of the classes, which an object does not keep for names such as '10'. */
function countsOf(list: ImageList): number[] {
  const counts = countClasses(list);
  return list.classes.map((name) => counts[name]!);
}

/**
 * The best temperature by the validation part; 1 where it has none: nothing is wrong, or the logits know nothing of the labels.
 */
function temperatureOf(logits: Float32Array, labels: Uint32Array, classes: number): number {
  const said = mostLikely(logits, classes);
  if (said.every((label, i) => label === labels[i])) return 1;
  let lead = 0;
  for (let i = 0; i < labels.length; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    lead += row[labels[i]!]! - row.reduce((sum, each) => sum + each, 0) / classes;
  }
  return lead > 0 ? fitTemperature(logits, labels, { classes }) : 1;
}

function scored(
  { items, classes }: ImageList,
  labels: Uint32Array,
  said: Pick<TestResult, 'probabilities' | 'rawProbabilities'>,
): TestResult {
  const K = { classes: classes.length };
  const matrix = confusionMatrix(mostLikely(said.probabilities, classes.length), labels, K);
  const { accuracy, balancedAccuracy } = classScores(matrix);
  return {
    ...{ items, labels, accuracy, balancedAccuracy, ...said },
    rawCalibrationError: expectedCalibrationError(said.rawProbabilities, labels, K),
    calibrationError: expectedCalibrationError(said.probabilities, labels, K),
  };
}

function provenanceOf(options: ToldOptions, history: History, split: ImageSplit) {
  return {
    ...options,
    epochsDone: history.epochs.length,
    keptEpoch: history.bestEpoch ?? history.epochs.length,
    pictures: {
      train: split.train.items.length,
      validation: split.validation.items.length,
      test: split.test.items.length,
    },
  };
}

/** Some pictures three times each, as the first epoch gets them. */
async function augmentedSheet(
  list: ImageList,
  options: DecodedImageSamplesOptions,
  seed: number,
): Promise<Image> {
  const shown = Math.min(12, list.items.length);
  const every = Math.floor(list.items.length / shown);
  // Without normalisation, to look at.
  const samples = imageSamples(list, { ...options, normalise: undefined });
  const indices = Array.from({ length: 3 * shown }, (_, i) => every * (i % shown));
  const { x } = await samples.batch(indices, { seed, epoch: 1, position: 0 });
  const [height, width, channels] = options.input;
  const size = height * width * channels;
  const pictures = indices.map((_, i) =>
    createImage({
      ...{ height, width, channels },
      data: Uint8ClampedArray.from(x.data.subarray(i * size, (i + 1) * size), (value) => 255 * value),
    }),
  );
  return contactSheet(pictures, { columns: shown });
}
