// Five pictures of each class are too few to learn pictures from, and enough to put a head on features that are there.

import { createRandom, type Samples, shuffle, subset } from '@tidecast/data';
import { createModel, type Model } from '@tidecast/models';
import { adam, crossEntropy, fit, predict } from '@tidecast/train';
import { expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import { cnnClassifier, imageSamples, type LabelledImages, replaceHead } from '../../src/index.ts';
import { readMnistFolder } from '../../src/node.ts';

setUpBackend();

/** `each` pictures of every digit from `first` to `first + 4`, as classes 0 to 4. */
function fiveDigits(
  digits: LabelledImages,
  { first, each, seed }: { first: number; each: number; seed: number },
): Samples {
  const order = Uint32Array.from({ length: digits.count }, (_, i) => i);
  const left = new Uint16Array(5).fill(each);
  const chosen = shuffle(order, createRandom(seed, 'few')).filter((i) => {
    const label = digits.labels[i]! - first;
    return label >= 0 && label < 5 && left[label]! > 0 && left[label]!-- > 0;
  });
  const labels = digits.labels.map((label) => (label >= first && label < first + 5 ? label - first : 0));
  const classes = ['0', '1', '2', '3', '4'];
  return subset(imageSamples({ ...digits, labels, classes }, { input: [28, 28, 1] }), chosen);
}

async function accuracyOf(model: Model, samples: Samples): Promise<number> {
  const { y } = samples.batch(Uint32Array.from({ length: samples.count }, (_, i) => i));
  const { data } = await predict(model, samples);
  let right = 0;
  for (let n = 0; n < samples.count; n++) {
    const row = data.subarray(5 * n, 5 * n + 5);
    right += y.data[5 * n + row.indexOf(Math.max(...row))]!;
  }
  return right / samples.count;
}

it.skipIf(!hasSharedData)(
  `features of digits 0 to 4, frozen under a new head, beat a new network on five pictures each of 5 to 9, for 3 seeds${needsSharedData}`,
  { timeout: 300_000 },
  async () => {
    const { train, test } = await readMnistFolder(sharedData('images'));
    const config = cnnClassifier({ input: [28, 28, 1], classes: 5, filters: [8, 16], units: [] });
    const unseen = fiveDigits(test, { first: 5, each: 200, seed: 1 });
    const loss = crossEntropy();
    const base = createModel(config, { seed: 1 });
    await fit(base, fiveDigits(train, { first: 0, each: 600, seed: 1 }), {
      ...{ loss, optimizer: adam({ learningRate: 0.003 }), epochs: 4, batchSize: 32, seed: 1 },
    });
    const won: number[] = [];
    for (const seed of [1, 2, 3]) {
      const few = fiveDigits(train, { first: 5, each: 5, seed });
      const options = { loss, optimizer: adam({ learningRate: 0.003 }), epochs: 60, batchSize: 25, seed };
      const moved = replaceHead(base, { classes: 5, seed });
      const kernel = moved.weights['0.cnn2d.kernel']!.dataSync().slice();
      await fit(moved, few, { ...options, freeze: ['0.cnn2d', '2.cnn2d'] });
      expect(moved.weights['0.cnn2d.kernel']!.dataSync()).toEqual(kernel);
      const fresh = createModel(config, { seed });
      await fit(fresh, few, options);
      won.push((await accuracyOf(moved, unseen)) - (await accuracyOf(fresh, unseen)));
      moved.dispose();
      fresh.dispose();
    }
    base.dispose();
    expect(
      Math.min(...won),
      `accuracy won: ${won.map((each) => each.toFixed(3)).join(', ')}`,
    ).toBeGreaterThan(0);
    expect(won.reduce((sum, each) => sum + each, 0) / 3).toBeGreaterThan(0.03);
  },
);
