// A trait that no label names: one in twenty of the class that is looked for has it, and half of the others. A classifier
// takes the trait for the other class. The debiasing VAE finds such examples rare by its own latent variables, and trains on
// them more often.

import { arraySamples, type NdArray } from '@tidecast/data';
import { seedSpread } from '@tidecast/eval';
import type { ChartSpec } from '@tidecast/eval/report';
import { createModel, decoderOf, encoderOf } from '@tidecast/models';
import {
  adam,
  autoencoding,
  decode,
  encode,
  fit,
  latentResampling,
  sampleVae,
  vaeLoss,
} from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { type DebiasingTask, debiasingTasks, LATENT } from './debiasing-tasks.ts';
import type { Grouped } from './hidden-groups.ts';
import { imageGrid } from './image-grid.ts';

/** Share of the ones, and of the others, that have the trait. */
const [RARE, AMONG_OTHERS] = [0.05, 0.5];

/** Pictures in a row of the chart. */
const PICTURES = 8;

/** What one training found: accuracies on equally many examples of each class and group. */
interface Found {
  data: string;
  seed: number;
  resampled: boolean;
  common: number;
  rare: number;
  /** `common − rare`: what the hidden group has to bear. */
  gap: number;
  othersPlain: number;
  othersWithTrait: number;
  accuracy: number;
  /** Share of the hidden group in what the last epoch drew of its class. */
  drawnShare: number;
}

/** Pictures of one training, `[N, H, W, 1]`: drawn anew, given back, and the ones that came most and least often. */
interface Shown {
  often: NdArray;
  seldom: NdArray;
  given: NdArray;
  drawn: NdArray;
}

async function run(
  task: DebiasingTask,
  { seed, resampled }: { seed: number; resampled: boolean },
  { quick, signal }: ExampleOptions,
): Promise<Found & { shown: Shown }> {
  const shares = { traitOfOnes: RARE, traitOfOthers: AMONG_OTHERS };
  const data = task.draw({ count: quick ? 120 : 2000, seed, ...shares });
  const test = task.draw({
    count: quick ? 100 : 2000,
    seed: seed + 1000,
    traitOfOnes: 0.5,
    traitOfOthers: 0.5,
  });
  const model = createModel(task.network, { seed });
  const [encoder, decoder] = [encoderOf(model), decoderOf(model)];
  const plain = arraySamples({ x: data.x, y: data.labels });
  const samples = autoencoding(plain, { classes: true });
  const ones = Array.from(data.labels.data.keys()).filter((i) => data.labels.data[i] === 1);
  let probabilities = new Float64Array(ones.length).fill(1 / ones.length);
  const trained = resampled
    ? latentResampling(samples, {
        encode: async () => (await encode(encoder, plain, { latent: LATENT })).means,
        among: ones,
        combine: 'maximum',
        alpha: 0.01,
        onResample: (now) => {
          probabilities = Float64Array.from(now);
        },
      })
    : samples;
  await fit(model, trained, {
    loss: vaeLoss({ latent: LATENT, sigma: 0.5, classes: 1, classWeight: 20, only: 'positives' }),
    optimizer: adam({ learningRate: 0.002 }),
    epochs: quick ? 2 : 8,
    batchSize: 32,
    seed,
    signal,
  });
  const { logits } = await encode(encoder, test.x, { latent: LATENT });
  const byRarity = Array.from(ones.keys()).sort((a, b) => probabilities[b]! - probabilities[a]!);
  const often = rowsOf(
    data.x,
    byRarity.slice(0, PICTURES).map((i) => ones[i]!),
  );
  const shown = {
    often,
    seldom: rowsOf(
      data.x,
      byRarity.slice(-PICTURES).map((i) => ones[i]!),
    ),
    given: await decode(decoder, (await encode(encoder, often, { latent: LATENT })).means),
    drawn: await sampleVae(decoder, { count: PICTURES, seed }),
  };
  for (const each of [encoder, decoder, model]) each.dispose();
  const drawnShare = probabilities.reduce((sum, p, i) => sum + (data.trait[ones[i]!] ? p : 0), 0);
  return { data: task.name, seed, resampled, ...accuraciesOf(test, logits), drawnShare, shown };
}

function rowsOf({ data, shape }: NdArray, indices: readonly number[]): NdArray {
  const { x } = arraySamples({
    x: { data, shape },
    y: { data: new Float32Array(shape[0]!), shape: [shape[0]!, 1] },
  }).batch(indices);
  return x;
}

function accuraciesOf({ labels, trait }: Grouped, logits: NdArray) {
  const share = (label: number, withTrait: boolean) => {
    const group = trait.flatMap((has, i) => (labels.data[i] === label && has === withTrait ? [i] : []));
    return group.filter((i) => logits.data[i]! > 0 === (label === 1)).length / group.length;
  };
  const [common, rare, othersPlain, othersWithTrait] = [
    share(1, false),
    share(1, true),
    share(0, false),
    share(0, true),
  ];
  const accuracy = (common + rare + othersPlain + othersWithTrait) / 4;
  return { common, rare, gap: common - rare, othersPlain, othersWithTrait, accuracy };
}

const spreadOf = (values: readonly number[]) => seedSpread(values.map((value, seed) => ({ seed, value })));

function plusMinus(values: readonly number[]): string {
  const { mean, sd } = spreadOf(values);
  return `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;
}

function claimsOf({ name }: DebiasingTask, found: readonly Found[]): Claim[] {
  const [plain, resampled] = [false, true].map((which) =>
    found.filter((each) => each.data === name && each.resampled === which),
  ) as [Found[], Found[]];
  const of = (rows: readonly Found[], key: 'gap' | 'rare' | 'accuracy') => rows.map((each) => each[key]);
  const shrinks = plain.map(({ gap }, i) => gap - resampled[i]!.gap);
  const { mean, sd } = spreadOf(shrinks);
  return [
    {
      method: `Latent resampling, ${name}: accuracy gap of a hidden group`,
      figure: `${plusMinus(of(plain, 'gap'))} without, ${plusMinus(of(resampled, 'gap'))} with; smaller by ${plusMinus(shrinks)}`,
      bar: 'smaller, by more than two standard errors over the seeds',
      met: mean > (2 * sd) / Math.sqrt(shrinks.length),
    },
    {
      method: `Latent resampling, ${name}: accuracy over all groups`,
      figure: `${plusMinus(of(plain, 'accuracy'))} without, ${plusMinus(of(resampled, 'accuracy'))} with`,
      bar: 'not lower than without',
      met: spreadOf(of(resampled, 'accuracy')).mean >= spreadOf(of(plain, 'accuracy')).mean,
    },
  ];
}

function gapChart(found: readonly Found[]): ChartSpec {
  const values = found.map(({ data, seed, resampled, common, rare, gap }) => {
    return { data, seed, common, rare, gap, how: resampled ? 'resampled' : 'as they come' };
  });
  return {
    title: 'Accuracy gap between the common and the hidden group',
    description: 'Accuracy gap for each seed, without and with latent resampling, for faces and calls',
    data: { values },
    facet: {
      column: { field: 'data', type: 'nominal', title: null, sort: debiasingTasks.map(({ name }) => name) },
    },
    spec: {
      width: 240,
      height: 240,
      encoding: {
        x: {
          field: 'how',
          type: 'nominal',
          sort: null,
          axis: { title: 'Examples', labelAngle: 0 },
          scale: { padding: 0.4 },
        },
        y: { field: 'gap', type: 'quantitative', title: 'Accuracy: common − hidden group' },
        detail: { field: 'seed', type: 'nominal' },
      },
      layer: [
        { mark: { type: 'line', color: '#2f7ed8', opacity: 0.5 } },
        { mark: { type: 'point', filled: true, size: 60, color: '#2f7ed8', opacity: 1 } },
      ],
    },
  };
}

/** The example. */
export const debiasingVae: Example = {
  title: 'A hidden rare group: debiasing by the density of the latent space',
  source:
    'Amini, Soleimany, Schwarting, Bhatia and Rus 2019, AIES: “Uncovering and mitigating algorithmic bias through learned ' +
    'latent structure”. One network, trained with and without resampling; the trait is known to the test alone.',
  async run(options) {
    const { seeds, progress } = options;
    const found: Found[] = [];
    const shown = new Map<string, Shown>();
    for (let seed = 1; seed <= seeds; seed++) {
      for (const task of debiasingTasks) {
        for (const resampled of [false, true]) {
          const { shown: pictures, ...one } = await run(task, { seed, resampled }, options);
          progress(
            `seed ${seed}, ${task.name}${resampled ? ', resampled' : ''}: common ${one.common.toFixed(3)}, ` +
              `hidden ${one.rare.toFixed(3)}`,
          );
          found.push(one);
          shown.set(task.name, pictures);
        }
      }
    }
    const faces = shown.get('faces')!;
    return {
      claims: debiasingTasks.flatMap((task) => claimsOf(task, found)),
      rows: found.map((each) => ({ ...each })),
      charts: [
        {
          name: 'debiasing-vae',
          caption:
            'One line for each seed. One face in twenty is a negative, and one call in twenty rides on a swell; half of ' +
            'what is no such face or call does, too. Resampling by latent density knows nothing of either.',
          spec: gapChart(found),
        },
        {
          name: 'debiasing-vae-faces',
          caption:
            'What the last epoch of a resampled training drew most and least often, the former given back, and new ' +
            'faces drawn from the prior.',
          spec: imageGrid({
            title: 'Faces by how often they are drawn',
            description:
              'Faces drawn most often, their reconstructions, faces drawn least often, and new faces',
            count: PICTURES,
            rows: [
              { name: 'most often', images: faces.often },
              { name: 'given back', images: faces.given },
              { name: 'least often', images: faces.seldom },
              { name: 'drawn anew', images: faces.drawn },
            ],
          }),
        },
      ],
    };
  },
};
