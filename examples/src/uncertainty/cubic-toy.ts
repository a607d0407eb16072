// The toy of evidential and ensemble papers: a cubic with noise of its own at every x, trained on the middle and looked at
// beyond. Its noise is known, so both parts of the uncertainty can be held against the truth.

import { createRandom } from '@tidecast/data';
import { type Distributions, gaussian, mixture, seedSpread, splitVariance } from '@tidecast/eval';
import { betaNll, gaussianNll, quantileLoss, studentTNll } from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { coverage, grid, meanOf, type Points, type Trained, trainToy } from './toy.ts';
import { bandsChart, partsChart } from './toy-charts.ts';

const cubic = (x: number) => x ** 3 / 6;
const sigma = (x: number) => 2 * Math.exp(-((x + 1) ** 2)) + 0.2;

/** Points where training data is, and those a step of 1 away from it. */
const INSIDE = grid(-4, 4, 161);
const OUTSIDE = Float32Array.from([...grid(-6, -5, 21), ...grid(5, 6, 21)]);
const ALL = grid(-6, 6, 121);

const ENSEMBLE = 'Gaussian head, 5 members';
const METHODS = {
  gaussian: { name: 'Gaussian head', loss: gaussianNll() },
  beta: { name: 'β-NLL', loss: betaNll() },
  student: { name: 'Student-t head', loss: studentTNll() },
  quantile: {
    name: 'Quantile head',
    loss: quantileLoss({ levels: [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95] }),
  },
  dropout: { name: 'MC dropout', loss: gaussianNll(), rate: 0.01 },
} as const;

/** What one method found with one seed. */
interface Found {
  seed: number;
  method: string;
  /** Share of test points inside the central 90 % band, −4 ≤ x ≤ 4. */
  coverage90: number;
  crps: number;
  /** RMSE of the aleatoric standard deviation against the true one, −4 ≤ x ≤ 4. */
  sigmaRmse: number;
  /** Mean epistemic standard deviation where training data is, and beyond |x| = 5. */
  epistemicInside: number;
  epistemicOutside: number;
  /** Share of 5 ≤ |x| ≤ 6 at which the 90 % band holds the true curve. */
  curveHeldOutside: number;
}

/** `count` points with x even in [−4, 4]. */
function draw(count: number, seed: number): Points {
  const random = createRandom(seed, 'cubic');
  const x = Float32Array.from({ length: count }, () => 8 * random.uniform() - 4);
  return { x, y: x.map((value) => cubic(value) + sigma(value) * random.normal()) };
}

function trueLaw(x: Float32Array): Distributions {
  return gaussian({ mean: Float64Array.from(x, cubic), sd: Float64Array.from(x, sigma) });
}

/** Members of one prediction at some x: of an ensemble, of passes, or the only one. */
type Say = (x: Float32Array) => Promise<readonly Distributions[]>;

async function score(say: Say, test: Points): Promise<Omit<Found, 'seed' | 'method'>> {
  const said = mixture(await say(test.x));
  const inside = splitVariance(await say(INSIDE));
  const beyond = await say(OUTSIDE);
  const outside = splitVariance(beyond);
  const errors = inside.aleatoric.map((variance, i) => (Math.sqrt(variance) - sigma(INSIDE[i]!)) ** 2);
  return {
    coverage90: coverage(said, test.y, 0.9),
    crps: meanOf(said.crps(test.y)),
    sigmaRmse: Math.sqrt(meanOf(errors)),
    epistemicInside: meanOf(inside.epistemic.map(Math.sqrt)),
    epistemicOutside: meanOf(outside.epistemic.map(Math.sqrt)),
    curveHeldOutside: coverage(mixture(beyond), OUTSIDE.map(cubic), 0.9),
  };
}

/**
 * RMSE of the true σ by the best smoother in hindsight: squares of the true residuals, averaged over a Gaussian window
 * whose width is the best of many for this very sample.
 */
function smootherRmse({ x, y }: Points): number {
  const squares = x.map((value, i) => (y[i]! - cubic(value)) ** 2);
  const widths = grid(0.05, 0.6, 23);
  return Math.min(
    ...Array.from(widths, (width) => {
      const errors = INSIDE.map((at) => {
        const weights = x.map((value) => Math.exp(-0.5 * ((value - at) / width) ** 2));
        const sum = squares.reduce((total, square, i) => total + weights[i]! * square, 0);
        return (Math.sqrt(sum / weights.reduce((total, each) => total + each, 0)) - sigma(at)) ** 2;
      });
      return Math.sqrt(meanOf(errors));
    }),
  );
}

/** Trains every method with one seed; what they say over all x goes into the charts. */
async function runSeed(
  seed: number,
  test: Points,
  { quick, signal, progress }: ExampleOptions,
): Promise<{ found: Found[]; smoother: number; said: Map<string, readonly Distributions[]>; train: Points }> {
  const train = draw(quick ? 200 : 2000, seed);
  const epochs = quick ? 5 : 120;
  const found: Found[] = [];
  const said = new Map<string, readonly Distributions[]>();
  const members: Trained[] = [];
  const add = async (method: string, say: Say) => {
    const scores = await score(say, test);
    found.push({ seed, method, ...scores });
    said.set(method, await say(ALL));
    progress(
      `seed ${seed}, ${method}: 90 % band holds ${(100 * scores.coverage90).toFixed(1)} %, CRPS ${scores.crps.toFixed(4)}`,
    );
  };
  for (const [kind, { name, loss, ...more }] of Object.entries(METHODS)) {
    const trained = await trainToy({ loss, ...more, train, epochs, seed: 10 * seed, signal });
    if (kind === 'dropout') {
      await add(name, (x) => trained.passesAt(x, { passes: quick ? 5 : 50, seed }));
    } else await add(name, async (x) => [await trained.at(x)]);
    if (kind === 'gaussian') members.push(trained);
    else trained.dispose();
  }
  for (let member = 1; member < 5; member++) {
    members.push(
      await trainToy({ loss: METHODS.gaussian.loss, train, epochs, seed: 10 * seed + member, signal }),
    );
  }
  await add(ENSEMBLE, (x) => Promise.all(members.map((each) => each.at(x))));
  for (const each of members) each.dispose();
  return { found, smoother: smootherRmse(train), said, train };
}

/** The example. */
export const cubicToy: Example = {
  title: 'Aleatoric and epistemic uncertainty on y = x³/6 with noise σ = 2·exp(−(x + 1)²) + 0.2',
  source:
    'Lakshminarayanan, Pritzel and Blundell 2017 (ensembles); Seitzer et al. 2022 (β-NLL); Gal and Ghahramani 2016 (MC ' +
    'dropout). 2000 points in [−4, 4], tested on 4000 more and looked at in [−6, 6]. The noise is known: its CRPS is the ' +
    'lowest there is, and σ is also estimated by the best Gaussian smoother of the true residuals in hindsight.',
  async run(options) {
    const test = draw(options.quick ? 200 : 4000, 999);
    const truth = trueLaw(test.x);
    const runs = [];
    for (let seed = 1; seed <= options.seeds; seed++) runs.push(await runSeed(seed, test, options));
    const found = runs.flatMap((run) => run.found);
    const heldOutside = found
      .filter(({ method }) => method === ENSEMBLE)
      .map((each) => each.curveHeldOutside);
    const least = meanOf(truth.crps(test.y));
    const bar = meanOf(runs.map(({ smoother }) => smoother));
    return {
      claims: claimsOf(found, least, bar),
      rows: [
        ...found.map((each) => ({ ...each })),
        ...runs.map(({ smoother }, i) => ({
          seed: i + 1,
          method: 'Smoother of the true residuals',
          sigmaRmse: smoother,
        })),
        { method: 'The true law', coverage90: coverage(truth, test.y, 0.9), crps: least, sigmaRmse: 0 },
      ],
      charts: [
        {
          name: 'cubic-toy',
          caption:
            'The 90 % band of five Gaussian heads (seed 1). Inside the training data the band is noise, and as wide as the ' +
            'true noise (dashed); beyond it the members disagree, though less than they err: for |x| > 5 their band holds ' +
            `the true curve at ${(100 * meanOf(heldOutside)).toFixed(0)} % of x over all seeds.`,
          spec: partsChart({
            x: ALL,
            parts: splitVariance(runs[0]!.said.get(ENSEMBLE)!),
            truth: trueLaw(ALL),
            points: runs[0]!.train,
          }),
        },
        {
          name: 'cubic-toy-methods',
          caption:
            '90 % bands of every method (seed 1). One network alone knows the noise, not where it knows nothing.',
          spec: bandsChart({
            title: '90 % bands around the true curve, and that of the true noise (dashed)',
            x: ALL,
            bands: new Map([...runs[0]!.said].map(([name, members]) => [name, mixture(members)])),
            truth: trueLaw(ALL),
            domain: [-7, 7],
          }),
        },
      ],
    };
  },
};

function claimsOf(found: readonly Found[], leastCrps: number, smoother: number): Claim[] {
  const of = (method: string, value: (each: Found) => number) =>
    seedSpread(
      found.filter((each) => each.method === method).map((each) => ({ seed: each.seed, value: value(each) })),
    );
  const text = ({ mean, sd }: { mean: number; sd: number }, digits: number) =>
    `${mean.toFixed(digits)} ± ${sd.toFixed(digits)}`;
  const names = [ENSEMBLE, ...Object.values(METHODS).map(({ name }) => name)];
  const sigmas = of(ENSEMBLE, (each) => each.sigmaRmse);
  return [
    ...names.map((name) => {
      const spread = of(name, (each) => 100 * each.coverage90);
      return {
        method: `${name}: coverage of the 90 % band for |x| ≤ 4`,
        figure: `${text(spread, 1)} %`,
        bar: '88 to 92 %',
        met: spread.mean >= 88 && spread.mean <= 92,
      };
    }),
    {
      method: `${ENSEMBLE}: aleatoric σ(x) for |x| ≤ 4, RMSE against the true one`,
      figure: text(sigmas, 3),
      bar: `${smoother.toFixed(3)}, the best smoother of the true residuals`,
      met: sigmas.mean <= smoother,
    },
    ...[ENSEMBLE, METHODS.dropout.name].map((name) => {
      const spread = of(name, (each) => each.epistemicOutside / each.epistemicInside);
      return {
        method: `${name}: epistemic standard deviation for |x| > 5 against |x| ≤ 4`,
        figure: `${text(spread, 1)} times`,
        bar: 'more than 3 times with every seed',
        met: spread.n > 0 && Math.min(spread.best.value, spread.worst.value) > 3,
      };
    }),
    ...names.map((name) => {
      const spread = of(name, (each) => each.crps / leastCrps);
      return {
        method: `${name}: CRPS for |x| ≤ 4 against that of the true law`,
        figure: `${text(spread, 3)} times`,
        bar: 'at most 1.02 times',
        met: spread.mean <= 1.02,
      };
    }),
  ];
}
