// Photographs of ten classes, few of each: a residual network learns them by heart, unless every epoch shows them anew.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SampleSource } from '@tidecast/data';
import { mostLikely, seedSpread } from '@tidecast/eval';
import { spreadChart } from '@tidecast/eval/report';
import { createModel } from '@tidecast/models';
import { adam, crossEntropy, fit, predict } from '@tidecast/train';
import {
  type ImageClasses,
  type ImageList,
  imageSamples,
  resnet,
  type TransformConfig,
} from '@tidecast/vision';
import { readImage, readImageFolder } from '@tidecast/vision/node';
import type { Example, ExampleResult } from '../example.ts';

/** Mean and standard deviation of the channels of CIFAR-10, scaled to 0 … 1. */
const NORMALISE = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };

/** As He et al. 2016 do: four pixels of padding, a crop of the old size, and a flip. */
const AUGMENTATION: readonly TransformConfig[] = [
  { type: 'randomCrop', height: 32, width: 32, padding: 4 },
  { type: 'flip' },
];

const ARMS = ['as they are', 'augmented'] as const;
type Arm = (typeof ARMS)[number];

/** Accuracy on pictures that were not seen that augmentation has to win. */
const MARGIN = 0.03;

/** One training. */
interface Scored {
  arm: Arm;
  seed: number;
  /** On the pictures it learned from, as they are. */
  trainAccuracy: number;
  testAccuracy: number;
}

/** Unpacks the two archives of JPEG files into a temporary folder and calls `use` with it. */
async function unpacked<T>(data: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tidecast-cifar-'));
  try {
    for (const name of ['cifar10_train_1000-per-class', 'cifar10_test_200-per-class']) {
      const archive = join(data, 'images', 'cifar10-jpeg', `${name}.tar.gz`);
      const { status, error, stderr } = spawnSync('tar', ['-xzf', archive, '-C', folder], {
        encoding: 'utf8',
      });
      if (status !== 0) throw new Error(`cannot unpack ${archive}: ${error?.message ?? stderr.trim()}`);
    }
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first `count` pictures of each class. */
function firstOfEach({ items, classes }: ImageList, count: number): ImageList {
  const left = classes.map(() => count);
  return { items: items.filter(({ label }) => left[label]!-- > 0), classes };
}

async function accuracyOf(
  model: ReturnType<typeof createModel>,
  samples: SampleSource & ImageClasses,
): Promise<number> {
  const { data } = await predict(model, samples);
  const named = mostLikely(data, samples.classes.length);
  return samples.labels.reduce((sum, label, i) => sum + Number(named[i] === label), 0) / samples.count;
}

/** The example. */
export const cifarAugmentation: Example = {
  title: 'Augmentation: CIFAR-10 with 200 pictures of each class',
  source:
    'CIFAR-10 (Krizhevsky 2009) and its augmentation in He et al. 2016: the same residual network on 2,000 pictures as they ' +
    'are, and cropped and flipped anew in every epoch; scored on 2,000 others.',
  needsData: true,
  run: ({ seeds, quick, data, progress, signal }) =>
    unpacked(data!, async (folder) => {
      const [learned, tested] = await Promise.all(
        ['train', 'test'].map(async (part) =>
          firstOfEach(await readImageFolder(join(folder, part)), quick ? 8 : 200),
        ),
      );
      const options = {
        input: [32, 32, 3],
        normalise: NORMALISE,
        decode: readImage,
        cacheBytes: 2 ** 26,
      } as const;
      const [plain, test] = [imageSamples(learned!, options), imageSamples(tested!, options)];
      const augmented = imageSamples(learned!, { ...options, augmentation: AUGMENTATION });
      const scored: Scored[] = [];
      for (let seed = 1; seed <= seeds; seed++) {
        for (const arm of ARMS) {
          const model = createModel(
            resnet({ input: [32, 32, 3], classes: 10, filters: quick ? [4, 8] : [8, 16, 32], blocks: 1 }),
            { seed },
          );
          try {
            await fit(model, arm === 'augmented' ? augmented : plain, {
              ...{
                loss: crossEntropy(),
                optimizer: adam({ learningRate: 0.005 }),
                schedule: { type: 'cosine' },
              },
              ...{ epochs: quick ? 1 : 30, batchSize: 50, seed, signal },
            });
            const [trainAccuracy, testAccuracy] = [
              await accuracyOf(model, plain),
              await accuracyOf(model, test),
            ];
            progress(
              `seed ${seed}, ${arm}: ${trainAccuracy.toFixed(3)} learned, ${testAccuracy.toFixed(3)} others`,
            );
            scored.push({ arm, seed, trainAccuracy, testAccuracy });
          } finally {
            model.dispose();
          }
        }
      }
      return resultOf(scored);
    }),
};

function resultOf(scored: readonly Scored[]): ExampleResult {
  const spreadOf = (arm: Arm, score: 'trainAccuracy' | 'testAccuracy') =>
    seedSpread(
      scored.filter((each) => each.arm === arm).map((each) => ({ seed: each.seed, value: each[score] })),
    );
  const text = (arm: Arm) => {
    const [test, train] = [spreadOf(arm, 'testAccuracy'), spreadOf(arm, 'trainAccuracy')];
    return `accuracy ${test.mean.toFixed(3)} ± ${test.sd.toFixed(3)} on new pictures, ${train.mean.toFixed(3)} on learned ones`;
  };
  return {
    claims: [
      {
        method: 'Augmentation: crops and flips',
        figure: text('augmented'),
        bar: `without: ${text('as they are')}; accuracy on new pictures to rise by ${MARGIN}`,
        met:
          spreadOf('augmented', 'testAccuracy').mean >= spreadOf('as they are', 'testAccuracy').mean + MARGIN,
      },
    ],
    rows: scored.map((each) => ({ ...each })),
    charts: [
      {
        name: 'cifar-augmentation',
        caption:
          'A residual network on 2,000 pictures of CIFAR-10. Without augmentation it knows the pictures it learned from far ' +
          'better than others; with it the two come closer, and the others gain.',
        spec: spreadChart({
          title: 'Learned by heart, or learned',
          x: 'Accuracy, mean ± sd over seeds',
          rows: ARMS.flatMap((arm) =>
            (['trainAccuracy', 'testAccuracy'] as const).map((score) => {
              const { mean, sd } = spreadOf(arm, score);
              return {
                name: arm,
                group: score === 'trainAccuracy' ? 'learned pictures' : 'new pictures',
                mean,
                sd,
              };
            }),
          ),
        }),
      },
    ],
  };
}
