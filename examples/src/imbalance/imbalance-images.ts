// Images of two classes, 95 to 5: noisy discs, and rings that are rare.

import { createRandom, type Samples } from '@tidecast/data';
import { cnn2d, createModel, dense, flatten, maxPool2d, network } from '@tidecast/models';
import { labelsOf } from '@tidecast/train';
import type { Example } from '../example.ts';
import {
  favour,
  isRare,
  meanAndSd,
  methods,
  type Scored,
  scoresChart,
  spreadOf,
  trainAndScore,
  twoClasses,
} from './classifiers.ts';

const SIZE = 12;
const NOISE = 0.8;

/** `count` images `[12, 12, 1]`: a disc anywhere, in one of twenty with a hole. */
function shapes(count: number, seed: number): Samples {
  const random = createRandom(seed, 'shapes');
  const x = new Float32Array(count * SIZE * SIZE);
  for (let i = 0; i < count; i++) {
    const radius = 2.5 + 1.5 * random.uniform();
    const [row, column] = [0, 0].map(() => radius + random.uniform() * (SIZE - 1 - 2 * radius)) as [
      number,
      number,
    ];
    for (let place = 0; place < SIZE * SIZE; place++) {
      const away = Math.hypot(Math.floor(place / SIZE) - row, (place % SIZE) - column);
      const inside = away <= radius && !(isRare(i, count) && away < 0.5 * radius);
      x[i * SIZE * SIZE + place] = (inside ? 1 : 0) + NOISE * random.normal();
    }
  }
  return twoClasses({ data: x, shape: [count, SIZE, SIZE, 1] });
}

/** The example. */
export const imbalanceImages: Example = {
  title: 'Class imbalance, 95 to 5: images of discs and rings',
  source:
    'The methods of the example `imbalance`, here with a convolutional network; held against plain training.',
  async run({ seeds, quick, progress, signal }) {
    const [count, testCount] = quick ? [200, 400] : [3000, 6000];
    const test = shapes(testCount, 1000);
    const labels = labelsOf(test);
    const scored: Scored[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const [train, validation] = [shapes(count, seed), shapes(count, seed + 500)];
      for (const method of methods) {
        const layers = [
          cnn2d({ filters: 8 }),
          maxPool2d(),
          cnn2d({ filters: 12 }),
          flatten(),
          dense({ units: 16, activation: 'relu' }),
          dense({ units: 2 }),
        ];
        const model = createModel(network({ input: [SIZE, SIZE, 1], layers }), { seed });
        const options = { epochs: quick ? 2 : 30, batchSize: 40, learningRate: 0.002, seed, signal };
        const result = await trainAndScore(method, { model, train, validation, test }, options);
        progress(
          `seed ${seed}, ${method.name}: recall ${result.recall.toFixed(2)}, PR-AUC ${result.prAuc.toFixed(2)}`,
        );
        scored.push(result);
      }
    }
    const plain = spreadOf(scored, 'plain', 'recall').mean;
    const margin = 0.1;
    return {
      claims: methods
        .filter((method) => favour(method, labels) !== 1)
        .map(({ name }) => ({
          method: `Imbalance in images: ${name}`,
          figure:
            `recall of the rare class ${meanAndSd(scored, name, 'recall')}, PR-AUC ${meanAndSd(scored, name, 'prAuc')}, ` +
            `calibration error ${meanAndSd(scored, name, 'ece')}`,
          bar:
            `plain training: recall ${meanAndSd(scored, 'plain', 'recall')}, PR-AUC ` +
            `${meanAndSd(scored, 'plain', 'prAuc')}, calibration error ${meanAndSd(scored, 'plain', 'ece')}; ` +
            `recall to rise by ${margin}`,
          met: spreadOf(scored, name, 'recall').mean >= plain + margin,
        })),
      rows: scored.map((each) => ({ ...each })),
      charts: [
        {
          name: 'imbalance-images',
          caption:
            'Discs and rare rings in noise, 12 × 12 pixels: recall rises where the rare class counts more, and the ' +
            'probabilities are too high until the weight is taken off the logits again.',
          spec: scoresChart(scored, 'A rare class in images, 95 : 5'),
        },
      ],
    };
  },
};
