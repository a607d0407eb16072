// Which inputs a network uses, on a task whose maker knows: three ways of asking, and whether they agree with the truth.

import { arraySamples, createRandom, type Samples } from '@tidecast/data';
import { seedSpread } from '@tidecast/eval';
import { heatMap, spreadChart } from '@tidecast/eval/report';
import { cnn1d, createModel, dense, flatten, gru, type LayerConfig, network } from '@tidecast/models';
import { adam, fit, integratedGradients, mse, occlusion, permutationImportance } from '@tidecast/train';
import type { Claim, Example } from '../example.ts';

const STEPS = 12;
const CHANNELS = 4;
/** The inputs that count, the one that counts most first. */
const TRUTH = [
  { step: 8, channel: 1 },
  { step: 3, channel: 2 },
] as const;

const place = ({ step, channel }: { step: number; channel: number }) => step * CHANNELS + channel;

/** Noise `[12, 4]`; y = tanh(1.5·x₈,₁) + 0.4·x₃,₂², with noise of 0.1. */
function noisy(count: number, seed: number): Samples {
  const random = createRandom(seed, 'explain');
  const size = STEPS * CHANNELS;
  const x = Float32Array.from({ length: count * size }, () => random.normal());
  const y = Float32Array.from({ length: count }, (_, i) => {
    const [first, second] = TRUTH.map((each) => x[i * size + place(each)]!) as [number, number];
    return Math.tanh(1.5 * first) + 0.4 * second ** 2 + 0.1 * random.normal();
  });
  return arraySamples({
    x: { data: x, shape: [count, STEPS, CHANNELS] },
    y: { data: y, shape: [count, 1] },
  });
}

const networks: Readonly<Record<string, LayerConfig[]>> = {
  GRU: [gru({ units: 24 }), dense({ units: 1 })],
  CNN: [
    cnn1d({ filters: 12, activation: 'tanh' }),
    flatten(),
    dense({ units: 16, activation: 'tanh' }),
    dense({ units: 1 }),
  ],
};

/** What one trained network gave. */
interface Explained {
  network: string;
  seed: number;
  testMse: number;
  /** Whether the inputs that count came first, and in their order: by channel, by step, by single input. */
  channelsRight: boolean;
  stepsRight: boolean;
  gradientsRight: boolean;
  occlusionRight: boolean;
  /** Permutation importance of the two channels that count. */
  firstImportance: number;
  secondImportance: number;
  /** RMSE of the contributions of the two inputs against those of the function the data were made by. */
  contributionError: number;
  /** Largest difference of Σ contributions and f(x) − f(x′). */
  gap: number;
}

/** The example. */
export const explain: Example = {
  title: 'Explaining: which channel and which step a network uses',
  source:
    'Breiman 2001 and Fisher, Rudin and Dominici 2019 (permutation importance); Sundararajan, Taly and Yan 2017 ' +
    '(integrated gradients); Zeiler and Fergus 2014 (occlusion). The task was made so that two inputs of 48 count.',
  async run({ seeds, quick, progress, signal }) {
    const test = noisy(quick ? 60 : 1000, 1000);
    const explained: Explained[] = [];
    let shown:
      | { maps: Record<string, Float64Array>; groups: { name: string; mean: number; sd: number }[] }
      | undefined;
    for (let seed = 1; seed <= seeds; seed++) {
      const train = noisy(quick ? 100 : 3000, seed);
      for (const [name, layers] of Object.entries(networks)) {
        const model = createModel(network({ input: [STEPS, CHANNELS], layers }), { seed });
        const options = {
          loss: mse(),
          optimizer: adam({ learningRate: 0.005 }),
          batchSize: 50,
          seed,
          signal,
        };
        await fit(model, train, {
          ...options,
          epochs: quick ? 1 : 60,
          schedule: { type: 'cosine' } as const,
        });
        const ask = { error: mse(), seed, repeats: quick ? 2 : 5, signal };
        const channels = await permutationImportance(model, test, ask);
        const steps = await permutationImportance(model, test, { ...ask, groups: 'steps' });
        const { x } = test.batch(Uint32Array.from({ length: quick ? 20 : 200 }, (_, i) => i));
        const gradients = await integratedGradients(model, x, { signal });
        const covered = await occlusion(model, x, { signal });
        model.dispose();
        const maps = { 'integrated gradients': meanSize(gradients.data), occlusion: meanSize(covered.data) };
        shown ??= { maps, groups: [...channels.groups, ...steps.groups] };
        const [first, second] = TRUTH.map(({ channel }) => channels.groups[channel]!.mean) as [
          number,
          number,
        ];
        const result = {
          network: name,
          seed,
          testMse: channels.error,
          channelsRight: inOrder(
            channels.groups.map(({ mean }) => mean),
            TRUTH.map(({ channel }) => channel),
          ),
          stepsRight: inOrder(
            steps.groups.map(({ mean }) => mean),
            TRUTH.map(({ step }) => step),
          ),
          gradientsRight: inOrder(maps['integrated gradients'], TRUTH.map(place)),
          occlusionRight: inOrder(maps.occlusion, TRUTH.map(place)),
          firstImportance: first,
          secondImportance: second,
          contributionError: contributionError(x.data, gradients.data),
          gap: Math.max(...gradients.gap),
        };
        progress(
          `seed ${seed}, ${name}: test MSE ${result.testMse.toFixed(3)}, gap ${result.gap.toExponential(1)}`,
        );
        explained.push(result);
      }
    }
    return {
      claims: claims(explained),
      rows: explained.map((each) => ({ ...each })),
      charts: [
        {
          name: 'explain',
          caption:
            'What each input of a GRU contributes on average, by integrated gradients. Made to count: channel 1 at ' +
            'step 8, and half as much channel 2 at step 3.',
          spec: mapChart(shown!.maps['integrated gradients']!, 'Mean |contribution|'),
        },
        {
          name: 'explain-occlusion',
          caption: 'The same network, by covering one input at a time.',
          spec: mapChart(shown!.maps.occlusion!, 'Mean |f(x) − f(covered)|'),
        },
        {
          name: 'explain-permutation',
          caption:
            'The same network: the rise of its squared error when a channel, or a step, is dealt out anew.',
          spec: spreadChart({ rows: shown!.groups, x: 'Rise of the MSE, mean ± sd over permutations' }),
        },
      ],
    };
  },
};

/** Mean of |value| over examples, for each place of an input. */
function meanSize(data: Float32Array): Float64Array {
  const size = STEPS * CHANNELS;
  const sums = new Float64Array(size);
  for (const [i, value] of data.entries()) sums[i % size]! += Math.abs(value) / (data.length / size);
  return sums;
}

/** Whether the largest values stand at the places of `truth`, in that order. */
function inOrder(values: ArrayLike<number>, truth: readonly number[]): boolean {
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[b]! - values[a]!);
  return truth.every((each, i) => order[i] === each);
}

/** How far contributions are from tanh(1.5·x) and 0.4·x²: the function is a sum of these, and 0 at the baseline. */
function contributionError(x: Float32Array, contributions: Float32Array): number {
  const size = STEPS * CHANNELS;
  const [first, second] = TRUTH.map(place) as [number, number];
  let squares = 0;
  for (let i = 0; i < x.length; i += size) {
    squares += (contributions[i + first]! - Math.tanh(1.5 * x[i + first]!)) ** 2;
    squares += (contributions[i + second]! - 0.4 * x[i + second]! ** 2) ** 2;
  }
  return Math.sqrt(squares / ((2 * x.length) / size));
}

/** Variance of tanh(1.5·z), z standard normal, by a fine sum. */
function tanhVariance(): number {
  let sum = 0;
  for (let z = -8; z <= 8; z += 1e-3)
    sum += (Math.tanh(1.5 * z) ** 2 * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
  return sum * 1e-3;
}

function claims(explained: readonly Explained[]): Claim[] {
  const right = (score: 'channelsRight' | 'stepsRight' | 'gradientsRight' | 'occlusionRight') =>
    explained.filter((each) => each[score]).length;
  const all = explained.length;
  const spread = (score: 'firstImportance' | 'secondImportance' | 'contributionError') => {
    // Two networks of one seed are two runs.
    const { mean, sd } = seedSpread(explained.map((each, i) => ({ seed: i, value: each[score] })));
    return { mean, text: `${mean.toFixed(3)} ± ${sd.toFixed(3)}` };
  };
  const [first, second] = [spread('firstImportance'), spread('secondImportance')];
  // Permuting an independent input of a sum adds twice the variance of its term.
  const [firstTrue, secondTrue] = [2 * tanhVariance(), 2 * 0.32];
  const near = (value: number, truth: number) => Math.abs(value / truth - 1) <= 0.15;
  const error = spread('contributionError');
  const gap = Math.max(...explained.map((each) => each.gap));
  const known = 'the two channels and steps that the task was made of, in their order, in every run';
  return [
    {
      method: 'Permutation importance: which channels and steps count',
      figure: `channels right in ${right('channelsRight')} of ${all} networks, steps in ${right('stepsRight')}`,
      bar: known,
      met: right('channelsRight') === all && right('stepsRight') === all,
    },
    {
      method: 'Permutation importance: how much they count',
      figure: `${first.text} and ${second.text}`,
      bar: `twice the variance of their terms, ${firstTrue.toFixed(2)} and ${secondTrue.toFixed(2)}, within 15 %`,
      met: near(first.mean, firstTrue) && near(second.mean, secondTrue),
    },
    {
      method: 'Integrated gradients: which inputs count',
      figure:
        `the two of 48 first in ${right('gradientsRight')} of ${all} networks; their contributions off the true ones ` +
        `by ${error.text} (RMSE)`,
      bar: `${known}; off by less than 0.1, the noise of the targets`,
      met: right('gradientsRight') === all && error.mean < 0.1,
    },
    {
      method: 'Integrated gradients: completeness',
      figure: `contributions sum to f(x) − f(x′) within ${gap.toExponential(1)} in 32 steps`,
      bar: 'the axiom: exactly; 1e-4 for sums in single precision',
      met: gap < 1e-4,
    },
    {
      method: 'Occlusion: which inputs count',
      figure: `the two of 48 first in ${right('occlusionRight')} of ${all} networks`,
      bar: known,
      met: right('occlusionRight') === all,
    },
  ];
}

function mapChart(map: Float64Array, value: string) {
  return heatMap({
    values: Float64Array.from(map, (_, i) => map[(i % STEPS) * CHANNELS + Math.floor(i / STEPS)]!),
    rows: Array.from({ length: CHANNELS }, (_, c) => `channel ${c}`),
    columns: Array.from({ length: STEPS }, (_, t) => `${t}`),
    value,
    x: 'Step',
  });
}
