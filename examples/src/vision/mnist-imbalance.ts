// Real digits, one of which is rare: what the tools of rebalancing do for its recall, and to all the others.

import { join } from 'node:path';
import { createRandom, type Samples, shuffle, subset } from '@tidecast/data';
import { classScores, confusionMatrix, mostLikely, seedSpread } from '@tidecast/eval';
import { spreadChart } from '@tidecast/eval/report';
import { createModel } from '@tidecast/models';
import { adam, crossEntropy, fit, labelsOf, predict } from '@tidecast/train';
import { cnnClassifier, type ImageClasses, imageSamples } from '@tidecast/vision';
import { readMnistFolder } from '@tidecast/vision/node';
import type { Example, ExampleOptions } from '../example.ts';
import { methods } from '../imbalance/classifiers.ts';

/** The rare digit and its share. Eights are taken for threes, fives and nines. */
const RARE_DIGIT = 8;
const SHARE = 0.02;

/** How many points of recall a method has to win. */
const MARGIN = 0.05;

const SHOWN = ['plain', 'class weights', 'weighted resampling', 'balanced batches'];

/** Scores of one training on all test digits. */
interface Scored {
  method: string;
  seed: number;
  /** Of the rare digit. */
  recall: number;
  precision: number;
  /** Of all digits. */
  accuracy: number;
}

/** `count` of the digits at random, the rare one with its share, the others alike. */
function unbalanced(digits: Samples & ImageClasses, count: number, seed: number): Samples {
  const rare = Math.round(count * SHARE);
  const wanted = (digit: number) => (digit === RARE_DIGIT ? rare : Math.round((count - rare) / 9));
  const order = Uint32Array.from({ length: digits.count }, (_, i) => i);
  const left = digits.classes.map((_, digit) => wanted(digit));
  const chosen = shuffle(order, createRandom(seed, 'digits')).filter((i) => left[digits.labels[i]!]!-- > 0);
  return subset(digits, chosen);
}

async function trainAndScore(
  name: string,
  { train, test }: { train: Samples; test: Samples },
  { seed, quick, signal }: { seed: number } & Pick<ExampleOptions, 'quick' | 'signal'>,
): Promise<Scored> {
  const method = methods.find((each) => each.name === name)!;
  const config = cnnClassifier({ input: [28, 28, 1], classes: 10, filters: [8, 16], units: [32] });
  const model = createModel(config, { seed });
  try {
    await fit(model, method.prepare(train, labelsOf(train)), {
      ...{ loss: crossEntropy(), optimizer: adam({ learningRate: 0.002 }), schedule: { type: 'cosine' } },
      ...{ epochs: quick ? 1 : 20, batchSize: 50, seed, signal },
    });
    const { data } = await predict(model, test);
    const scores = classScores(confusionMatrix(mostLikely(data, 10), labelsOf(test), { classes: 10 }));
    const { recall, precision } = scores.perClass[RARE_DIGIT]!;
    // Of a digit that was never said there is nothing to be wrong about; the rows hold numbers.
    return {
      method: name,
      seed,
      recall,
      precision: Number.isNaN(precision) ? 0 : precision,
      accuracy: scores.accuracy,
    };
  } finally {
    model.dispose();
  }
}

/** The example. */
export const mnistImbalance: Example = {
  title: 'One rare digit: MNIST with 2 % of eights',
  source:
    'MNIST (LeCun, Cortes, Burges): 1,500 training digits of which 30 are eights, all 10,000 test digits; held against ' +
    'plain training.',
  needsData: true,
  async run({ seeds, quick, data, progress, signal }) {
    const parts = await readMnistFolder(join(data!, 'images'));
    const normalise = { mean: [0.1307], std: [0.3081] };
    const [digits, all] = [parts.train, parts.test].map((part) =>
      imageSamples(part, { input: [28, 28, 1], normalise }),
    ) as [Samples & ImageClasses, Samples & ImageClasses];
    const test = quick
      ? subset(
          all,
          Uint32Array.from({ length: 500 }, (_, i) => i),
        )
      : all;
    const scored: Scored[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const train = unbalanced(digits, quick ? 300 : 1500, seed);
      for (const name of SHOWN) {
        const result = await trainAndScore(name, { train, test }, { seed, quick, signal });
        progress(
          `seed ${seed}, ${name}: recall ${result.recall.toFixed(3)}, accuracy ${result.accuracy.toFixed(3)}`,
        );
        scored.push(result);
      }
    }
    const spreadOf = (name: string, score: 'recall' | 'precision' | 'accuracy') =>
      seedSpread(
        scored
          .filter(({ method }) => method === name)
          .map((each) => ({ seed: each.seed, value: each[score] })),
      );
    const text = (name: string, score: 'recall' | 'precision' | 'accuracy') => {
      const { mean, sd } = spreadOf(name, score);
      return `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;
    };
    const figure = (name: string) =>
      `recall of the rare digit ${text(name, 'recall')}, its precision ${text(name, 'precision')}, accuracy of all ` +
      text(name, 'accuracy');
    const plain = spreadOf('plain', 'recall').mean;
    return {
      claims: SHOWN.slice(1).map((name) => ({
        method: `Imbalance in MNIST: ${name}`,
        figure: figure(name),
        bar: `plain training: ${figure('plain')}; recall to rise by ${MARGIN}`,
        met: spreadOf(name, 'recall').mean >= plain + MARGIN,
      })),
      rows: scored.map((each) => ({ ...each })),
      charts: [
        {
          name: 'mnist-imbalance',
          caption:
            'MNIST with 30 eights among 1,500 training digits, scored on all test digits: the rare digit is found more often ' +
            'where it counts more or comes up more often.',
          spec: spreadChart({
            title: 'A rare digit, 2 %',
            x: 'Score, mean ± sd over seeds',
            rows: SHOWN.flatMap((name) =>
              (['recall', 'precision', 'accuracy'] as const).map((score) => {
                const { mean, sd } = spreadOf(name, score);
                return {
                  name,
                  group: score === 'accuracy' ? 'accuracy of all' : `${score} of the rare digit`,
                  mean,
                  sd,
                };
              }),
            ),
          }),
        },
      ],
    };
  },
};
