// Variational autoencoders of pictures and of waves, against what theory says: the principal components they must beat, the
// likelihood their bound cannot pass, and the data that what they draw must look like.

import { arraySamples, type NdArray } from '@tidecast/data';
import { seedSpread } from '@tidecast/eval';
import { spreadChart } from '@tidecast/eval/report';
import { createModel, decoderOf, encoderOf } from '@tidecast/models';
import {
  adam,
  autoencoding,
  decode,
  encode,
  fit,
  principalComponents,
  projectOnComponents,
  sampleVae,
  vaeLoss,
} from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { imageGrid } from './image-grid.ts';
import { linearGap } from './linear-bound.ts';
import { type Task, tasks } from './vae-tasks.ts';
import { waveGrid } from './wave-grid.ts';

/** What is drawn may differ from the data by so many of its deviations, and in its deviation by this share. */
const [MOST_SHIFT, MOST_SPREAD] = [0.5, 0.25];

/** What one training found. */
interface Found {
  seed: number;
  /** Mean squared errors on held-out examples, the noise included. */
  error: number;
  linearError: number;
  /** Nats an example. */
  divergence: number;
  /** How far the mean of what is drawn is from the data's, in deviations of the data; and the ratio of deviations. */
  features: { name: string; shift: number; ratio: number }[];
  shown: { held: NdArray; given: NdArray; linear: NdArray; drawn: NdArray };
}

async function run(task: Task, seed: number, { quick, signal }: ExampleOptions): Promise<Found> {
  const { latent, noise, network } = task;
  const x = task.draw(quick ? 100 : 3000, { seed, noise });
  const heldOut = { seed: seed + 1000, noise };
  const held = task.draw(quick ? 50 : 1000, heldOut);
  const clean = task.draw(held.shape[0]!, { ...heldOut, noise: 0 });
  const model = createModel(network, { seed });
  const [encoder, decoder] = [encoderOf(model), decoderOf(model)];
  await fit(model, autoencoding(arraySamples({ x, y: x })), {
    // Wider than the noise: the divergence then counts for more, and the latent variables fill the prior without gaps.
    loss: vaeLoss({ latent, sigma: 4 * noise }),
    optimizer: adam({ learningRate: 0.002 }),
    schedule: { type: 'cosine' },
    epochs: quick ? 2 : 30,
    batchSize: 64,
    seed,
    signal,
  });
  const { means, logVariances } = await encode(encoder, held, { latent });
  const given = await decode(decoder, means);
  const drawn = await sampleVae(decoder, { count: held.shape[0]!, seed });
  const linear = projectOnComponents(held, principalComponents(x, { latent }));
  for (const each of [encoder, decoder, model]) each.dispose();
  return {
    seed,
    error: meanSquare(held, given),
    linearError: meanSquare(held, linear),
    divergence: divergenceOf(means, logVariances),
    features: compareFeatures(task, drawn, clean),
    shown: { held, given, linear, drawn },
  };
}

function meanSquare(a: NdArray, b: NdArray): number {
  return a.data.reduce((sum, value, i) => sum + (value - b.data[i]!) ** 2, 0) / a.data.length;
}

/** Mean divergence from the prior, nats an example. */
function divergenceOf(means: NdArray, logVariances: NdArray): number {
  const sum = means.data.reduce((total, mean, i) => {
    const logVariance = logVariances.data[i]!;
    return total + (mean ** 2 + Math.exp(logVariance) - logVariance - 1) / 2;
  }, 0);
  return sum / means.shape[0]!;
}

function compareFeatures(task: Task, drawn: NdArray, data: NdArray): Found['features'] {
  const [ofDrawn, ofData] = [task.featuresOf(drawn), task.featuresOf(data)];
  return task.features.map((name, k) => {
    const [a, b] = [spreadOf(ofDrawn[k]!), spreadOf(ofData[k]!)];
    return { name, shift: (a.mean - b.mean) / b.sd, ratio: a.sd / b.sd };
  });
}

const spreadOf = (values: readonly number[]) => seedSpread(values.map((value, seed) => ({ seed, value })));

function plusMinus(values: readonly number[], decimals: number): string {
  const { mean, sd } = spreadOf(values);
  return `${mean.toFixed(decimals)} ± ${sd.toFixed(decimals)}`;
}

function claimsOf({ name, latent, noise, features }: Task, found: readonly Found[]): Claim[] {
  const errors = found.map(({ error }) => error);
  const parts = features.map((feature, k) => {
    const [shifts, ratios] = [
      found.map((each) => each.features[k]!.shift),
      found.map((each) => each.features[k]!.ratio),
    ];
    return {
      text: `${feature} ${plusMinus(shifts, 2)} deviations off, its deviation ${plusMinus(ratios, 2)} of the data's`,
      near:
        Math.abs(spreadOf(shifts).mean) <= MOST_SHIFT && Math.abs(spreadOf(ratios).mean - 1) <= MOST_SPREAD,
    };
  });
  return [
    {
      method: `VAE of ${name}: giving back what it never saw`,
      figure: `mean squared error ${plusMinus(errors, 4)} with ${latent} latent variables`,
      bar: `${latent} principal components: ${plusMinus(
        found.map(({ linearError }) => linearError),
        4,
      )}, below it with every seed; no model can pass the noise, ${(noise ** 2).toFixed(4)}`,
      met: found.every(({ error, linearError }) => error < linearError),
    },
    {
      method: `VAE of ${name}: drawing new ones`,
      figure: parts.map(({ text }) => text).join('; '),
      bar: `the data: means at most ${MOST_SHIFT} deviations off, deviations within ${100 * MOST_SPREAD} %`,
      met: parts.every(({ near }) => near),
    },
  ];
}

/** The example. */
export const vaeExample: Example = {
  title: 'Variational autoencoders of pictures and of waves',
  source:
    'Kingma and Welling 2014, ICLR; principal components as the best linear code (Baldi and Hornik 1989); the likelihood of ' +
    'probabilistic PCA (Tipping and Bishop 1999) as what the bound of a linear one reaches (Lucas et al. 2019, NeurIPS).',
  async run(options) {
    const { seeds, quick, progress, signal } = options;
    const gaps: number[] = [];
    const results = new Map<Task, Found[]>(tasks.map((task) => [task, []]));
    for (let seed = 1; seed <= seeds; seed++) {
      gaps.push(await linearGap(seed, { epochs: quick ? 20 : 4000, signal }));
      for (const [task, found] of results) {
        const one = await run(task, seed, options);
        progress(
          `seed ${seed}, ${task.name}: error ${one.error.toFixed(4)}, linear ${one.linearError.toFixed(4)}`,
        );
        found.push(one);
      }
    }
    const [[pictures], [waves]] = [...results.values()] as [Found[], Found[]];
    return {
      claims: [
        ...[...results].flatMap(([task, found]) => claimsOf(task, found)),
        {
          method: 'VAE, linear: evidence lower bound',
          figure: `${plusMinus(gaps, 3)} nats an example below the likelihood of probabilistic PCA`,
          bar: 'at most 0.05 below, and not above by more than 0.05, the noise of its estimate',
          met: gaps.every((gap) => Math.abs(gap) <= 0.05),
        },
      ],
      rows: [
        ...[...results].flatMap(([{ name }, found]) =>
          found.map(({ shown: _shown, features, ...numbers }) => ({
            data: name,
            ...numbers,
            ...Object.fromEntries(
              features.flatMap((each) => [
                [`${each.name}: shift`, each.shift],
                [`${each.name}: ratio`, each.ratio],
              ]),
            ),
          })),
        ),
        ...gaps.map((gap, i) => ({ data: 'linear', seed: i + 1, gap })),
      ],
      charts: [
        {
          name: 'vae',
          caption:
            'Held-out pictures, what four latent variables and four principal components (PCA) give back of them, and new ' +
            'pictures drawn from the prior.',
          spec: imageGrid({
            title: 'Pictures of a disc, four latent variables',
            description:
              'Pictures, their reconstructions by a VAE and by principal components, and new pictures',
            count: 8,
            rows: [
              { name: 'held out', images: pictures!.shown.held },
              { name: 'VAE', images: pictures!.shown.given },
              { name: 'PCA', images: pictures!.shown.linear },
              { name: 'drawn', images: pictures!.shown.drawn },
            ],
          }),
        },
        {
          name: 'vae-waves',
          caption: 'Held-out waves with what comes back of them, and new waves drawn from the prior.',
          spec: waveGrid({
            title: 'Waves, three latent variables',
            count: 6,
            rows: {
              'given back': [
                { name: 'held out', waves: waves!.shown.held },
                { name: 'VAE', waves: waves!.shown.given },
                { name: 'PCA', waves: waves!.shown.linear },
              ],
              'drawn anew': [{ name: 'VAE', waves: waves!.shown.drawn }],
            },
          }),
        },
        {
          name: 'vae-errors',
          caption:
            'Mean squared error on held-out examples over the variance of the noise, which no model can pass.',
          spec: spreadChart({
            title: 'What is lost in the narrow place',
            x: 'Squared error over the variance of the noise',
            rows: [...results].flatMap(([{ name, noise }, found]) =>
              (['error', 'linearError'] as const).map((which) => {
                const { mean, sd } = spreadOf(found.map((each) => each[which] / noise ** 2));
                return { name, group: which === 'error' ? 'VAE' : 'PCA', mean, sd };
              }),
            ),
          }),
        },
      ],
    };
  },
};
