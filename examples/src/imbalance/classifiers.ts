// The methods against class imbalance side by side, whatever the inputs: train one network by each, and score them alike.

import { arraySamples, type NdArray, type Samples } from '@tidecast/data';
import {
  averagePrecision,
  brierScore,
  classScores,
  confusionMatrix,
  expectedCalibrationError,
  mostLikely,
  seedSpread,
} from '@tidecast/eval';
import { type ChartSpec, spreadChart } from '@tidecast/eval/report';
import type { Model } from '@tidecast/models';
import {
  adam,
  balancedBatches,
  classWeights,
  crossEntropy,
  type FitOptions,
  fit,
  focal,
  type Loss,
  labelsOf,
  predict,
  reweighted,
  weightedResampling,
} from '@tidecast/train';

/** Share of the rare class. */
export const RARE = 0.05;

/** Whether example `i` of `count` is of the rare class: the first ones are. */
export function isRare(i: number, count: number): boolean {
  return i < Math.round(count * RARE);
}

/** Inputs with the one-hot class of each. */
export function twoClasses(x: NdArray): Samples {
  const count = x.shape[0]!;
  const y = new Float32Array(2 * count);
  for (let i = 0; i < count; i++) y[2 * i + (isRare(i, count) ? 1 : 0)] = 1;
  return arraySamples({ x, y: { data: y, shape: [count, 2] } });
}

/** A way to train on two classes of which label 1 is rare. */
export interface Method {
  name: string;
  /** How much an example of each class counts next to what it would, in the loss or by how often it comes up. */
  weights(labels: ArrayLike<number>): Float64Array;
  prepare(samples: Samples, labels: Float64Array): Samples;
  loss?: Loss;
}

const equal = () => Float64Array.of(1, 1);
const balanced = (labels: ArrayLike<number>) => classWeights(labels).byClass;
const effective = { scheme: 'effectiveNumber', beta: 0.999 } as const;

/** Every method, the plain one first. */
export const methods: readonly Method[] = [
  { name: 'plain', weights: equal, prepare: (samples) => samples },
  {
    name: 'class weights',
    weights: balanced,
    prepare: (samples, labels) => reweighted(samples, classWeights(labels).byExample),
  },
  {
    name: 'effective number',
    weights: (labels) => classWeights(labels, effective).byClass,
    prepare: (samples, labels) => reweighted(samples, classWeights(labels, effective).byExample),
  },
  { name: 'focal loss', weights: equal, prepare: (samples) => samples, loss: focal({ gamma: 2 }) },
  {
    name: 'focal loss, class weights',
    weights: balanced,
    prepare: (samples, labels) => reweighted(samples, classWeights(labels).byExample),
    loss: focal({ gamma: 2 }),
  },
  {
    name: 'weighted resampling',
    weights: balanced,
    prepare: (samples, labels) => weightedResampling(samples, classWeights(labels).byExample),
  },
  { name: 'balanced batches', weights: balanced, prepare: balancedBatches },
];

/** How many times more an example of the rare class counts than one of the other, next to what it would. */
export function favour(method: Method, labels: ArrayLike<number>): number {
  const [common, rare] = method.weights(labels);
  return rare! / common!;
}

/** Scores of one training. */
export interface Scored {
  method: string;
  seed: number;
  /** Of the rare class, taking the likelier of the two. */
  recall: number;
  precision: number;
  /** Average precision of the rare class. */
  prAuc: number;
  /** Of the probability of the rare class: expected calibration error in 10 bins, and Brier score. */
  ece: number;
  brier: number;
  /** The same with what the method favours taken off the logits again. */
  eceCorrected: number;
  brierCorrected: number;
}

/** Trains a new model by `method`, as long as it gets better on `validation`, and scores it on `test`. The model is disposed of. */
export async function trainAndScore(
  method: Method,
  { model, train, validation, test }: Record<'train' | 'validation' | 'test', Samples> & { model: Model },
  options: Pick<FitOptions, 'epochs' | 'batchSize' | 'seed' | 'signal'> & { learningRate: number },
): Promise<Scored> {
  const { learningRate, ...rest } = options;
  const labels = labelsOf(train);
  try {
    const byClass = method.weights(labels);
    await fit(model, method.prepare(train, labels), {
      ...rest,
      loss: method.loss ?? crossEntropy(),
      optimizer: adam({ learningRate }),
      // What is trained with weights stops by a loss with the same weights.
      validation: reweighted(
        validation,
        labelsOf(validation).map((label) => byClass[label]!),
      ),
      earlyStopping: { patience: 3 },
    });
    const { data } = await predict(model, test);
    const actual = labelsOf(test);
    const rare = scoresOf(logOdds(data), actual);
    const corrected = scoresOf(
      logOdds(data).map((z) => z - Math.log(favour(method, labels))),
      actual,
    );
    const [, { recall, precision }] = classScores(
      confusionMatrix(mostLikely(data, 2), actual, { classes: 2 }),
    ).perClass as [unknown, { recall: number; precision: number }];
    return {
      method: method.name,
      seed: options.seed,
      recall,
      // Of a class that was never said there is nothing to be wrong about; the rows hold numbers.
      precision: Number.isNaN(precision) ? 0 : precision,
      ...rare,
      eceCorrected: corrected.ece,
      brierCorrected: corrected.brier,
    };
  } finally {
    model.dispose();
  }
}

function logOdds(logits: Float32Array): Float64Array {
  return Float64Array.from({ length: logits.length / 2 }, (_, i) => logits[2 * i + 1]! - logits[2 * i]!);
}

/** What does not depend on a threshold, from the log odds of label 1. */
export function scoresOf(
  odds: Float64Array,
  labels: ArrayLike<number>,
): Pick<Scored, 'prAuc' | 'ece' | 'brier'> {
  const probabilities = odds.map((z) => 1 / (1 + Math.exp(-z)));
  return {
    prAuc: averagePrecision(odds, labels),
    ece: expectedCalibrationError(probabilities, labels),
    brier: brierScore(probabilities, labels),
  };
}

/** Mean and standard deviation of a score over the seeds of a method. */
export function spreadOf(scored: readonly Scored[], method: string, score: keyof Scored) {
  const own = scored.filter((each) => each.method === method);
  return seedSpread(own.map((each) => ({ seed: each.seed, value: each[score] as number })));
}

/** `0.71 ± 0.03`. */
export function meanAndSd(scored: readonly Scored[], method: string, score: keyof Scored): string {
  const { mean, sd } = spreadOf(scored, method, score);
  return `${mean.toFixed(2)} ± ${sd.toFixed(2)}`;
}

/** Recall, PR-AUC and calibration error of every method. */
export function scoresChart(scored: readonly Scored[], title: string): ChartSpec {
  const shown: [keyof Scored, string][] = [
    ['recall', 'recall of the rare class'],
    ['prAuc', 'PR-AUC'],
    ['ece', 'calibration error'],
    ['eceCorrected', 'calibration error, corrected'],
  ];
  return spreadChart({
    title,
    x: 'Score, mean ± sd over seeds',
    rows: methods.flatMap(({ name }) =>
      shown.map(([score, group]) => ({ name, group, ...pick(spreadOf(scored, name, score)) })),
    ),
  });
}

function pick({ mean, sd }: { mean: number; sd: number }) {
  return { mean, sd };
}
