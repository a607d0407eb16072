// Which head for which noise: outliers pull a Gaussian's spread wide, a Student-t and quantiles hold theirs.

import { createRandom } from '@tidecast/data';
import { type Distributions, seedSpread, studentT } from '@tidecast/eval';
import type { ChartSpec } from '@tidecast/eval/report';
import { betaNll, gaussianNll, type Loss, quantileLoss, studentTNll } from '@tidecast/train';
import type { Claim, Example } from '../example.ts';
import { coverage, grid, meanOf, type Points, trainToy } from './toy.ts';
import { bandsChart } from './toy-charts.ts';

/** Degrees of freedom of the noise: its variance is barely finite. */
const NU = 2.5;
const signal = (x: number) => 2 * Math.sin(1.5 * x) + 0.3 * x;
const spread = (x: number) => 0.2 + 0.15 * (1 + Math.sin(x + 1));
const ALL = grid(-4, 4, 121);

const HEADS: readonly { name: string; loss: Loss }[] = [
  { name: 'Gaussian', loss: gaussianNll() },
  { name: 'β-NLL', loss: betaNll() },
  { name: 'Student-t, ν learnt', loss: studentTNll() },
  { name: 'Student-t, ν = 4', loss: studentTNll({ degreesOfFreedom: 4 }) },
  { name: 'Quantiles', loss: quantileLoss({ levels: [0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98] }) },
];

/** What one head found with one seed. */
interface Found {
  seed: number;
  head: string;
  crps: number;
  coverage50: number;
  coverage90: number;
  /** Mean width of the 90 % band. */
  width90: number;
  /** RMSE of the median against the noiseless curve. */
  medianRmse: number;
}

/** `count` points with x even in [−4, 4] and Student-t noise. */
function draw(count: number, seed: number): Points {
  const random = createRandom(seed, 'heavy tails');
  const x = Float32Array.from({ length: count }, () => 8 * random.uniform() - 4);
  // A quantile of the law at an even level is a draw from it.
  const noise = Float64Array.from({ length: count }, () => {
    const law = studentT({ location: [0], scale: [1], degreesOfFreedom: NU });
    return law.quantile(Math.max(random.uniform(), 1e-12))[0]!;
  });
  return { x, y: x.map((value, i) => signal(value) + spread(value) * noise[i]!) };
}

function trueLaw(x: Float32Array): Distributions {
  return studentT({
    location: Float64Array.from(x, signal),
    scale: Float64Array.from(x, spread),
    degreesOfFreedom: NU,
  });
}

function score(said: Distributions, { x, y }: Points): Omit<Found, 'seed' | 'head'> {
  const low = said.quantile(0.05);
  const errors = said.quantile(0.5).map((value, i) => (value - signal(x[i]!)) ** 2);
  return {
    crps: meanOf(said.crps(y)),
    coverage50: coverage(said, y, 0.5),
    coverage90: coverage(said, y, 0.9),
    width90: meanOf(said.quantile(0.95).map((value, i) => value - low[i]!)),
    medianRmse: Math.sqrt(meanOf(errors)),
  };
}

/** The example. */
export const heads: Example = {
  title: 'Heads on heavy-tailed noise',
  source:
    'Nix and Weigend 1994 (Gaussian); Lange, Little and Taylor 1989 (Student-t); Koenker and Bassett 1978 (quantiles). A ' +
    `sine with Student-t noise of ν = ${NU}, whose scale depends on x; 2000 points, tested on 4000 more. The CRPS of the true ` +
    'law is the lowest there is.',
  async run({ seeds, quick, progress, signal: abort }) {
    const test = draw(quick ? 200 : 4000, 999);
    const found: Found[] = [];
    const bands = new Map<string, Distributions>();
    for (let seed = 1; seed <= seeds; seed++) {
      const train = draw(quick ? 200 : 2000, seed);
      for (const { name, loss } of HEADS) {
        const trained = await trainToy({ loss, train, epochs: quick ? 5 : 120, seed, signal: abort });
        const scores = score(await trained.at(test.x), test);
        found.push({ seed, head: name, ...scores });
        if (seed === 1) bands.set(name, await trained.at(ALL));
        progress(
          `seed ${seed}, ${name}: CRPS ${scores.crps.toFixed(4)}, 90 % band holds ${(100 * scores.coverage90).toFixed(1)} %`,
        );
        trained.dispose();
      }
    }
    const truth = { head: 'The true law', ...score(trueLaw(test.x), test) };
    return {
      claims: claimsOf(found, truth.crps),
      rows: [...found.map((each) => ({ ...each })), truth],
      charts: [
        {
          name: 'heads',
          caption:
            '90 % bands of every head (seed 1) beside that of the true law (dashed). Outliers widen the Gaussian ones: ' +
            `over all seeds they hold ${percent(found, 'Gaussian', 'coverage90')} and, where half is meant, ` +
            `${percent(found, 'Gaussian', 'coverage50')}.`,
          spec: bandsChart({
            title: '90 % bands around the true curve, and the true one (dashed)',
            x: ALL,
            bands,
            truth: trueLaw(ALL),
            domain: [-4, 4],
          }),
        },
        {
          name: 'heads-scores',
          caption:
            'Seed by seed: how much of the test data the bands hold, and the CRPS over that of the true law.',
          spec: scoresChart(found, truth.crps),
        },
      ],
    };
  },
};

function percent(found: readonly Found[], head: string, share: 'coverage50' | 'coverage90'): string {
  return `${(100 * meanOf(found.filter((each) => each.head === head).map((each) => each[share]))).toFixed(1)} %`;
}

function claimsOf(found: readonly Found[], leastCrps: number): Claim[] {
  const of = (head: string, value: (each: Found) => number) =>
    seedSpread(
      found.filter((each) => each.head === head).map((each) => ({ seed: each.seed, value: value(each) })),
    );
  const gaussianCrps = new Map(
    found.filter((each) => each.head === 'Gaussian').map((each) => [each.seed, each.crps]),
  );
  // The Gaussian ones are what the others are held against.
  return HEADS.slice(2).flatMap(({ name }) => {
    const covered = of(name, (each) => 100 * each.coverage90);
    const over = of(name, (each) => 100 * (each.crps / leastCrps - 1));
    const claims: Claim[] = [
      {
        method: `${name}: coverage of the 90 % band`,
        figure: `${covered.mean.toFixed(1)} ± ${covered.sd.toFixed(1)} %`,
        bar: '88 to 92 %',
        met: covered.mean >= 88 && covered.mean <= 92,
      },
    ];
    const gain = of(name, (each) => 100 * (each.crps / gaussianCrps.get(each.seed)! - 1));
    claims.push({
      method: `${name}: CRPS against the Gaussian head`,
      figure: `${gain.mean.toFixed(1)} ± ${gain.sd.toFixed(1)} % (${over.mean.toFixed(1)} % over the true law)`,
      bar: 'lower with every seed',
      met: gain.n > 0 && gain.failed === 0 && gain.worst.value < 0,
    });
    return claims;
  });
}

/** One point for each seed: coverage of both bands, and the CRPS. */
function scoresChart(found: readonly Found[], leastCrps: number): ChartSpec {
  const panels = [
    { title: '90 % band holds [%]', value: (each: Found) => 100 * each.coverage90, rule: 90 },
    { title: '50 % band holds [%]', value: (each: Found) => 100 * each.coverage50, rule: 50 },
    {
      title: 'CRPS over the true law [%]',
      value: (each: Found) => 100 * (each.crps / leastCrps - 1),
      rule: 0,
    },
  ];
  return {
    title: 'Heads on heavy-tailed noise, seed by seed',
    hconcat: panels.map(({ title, value, rule }, i) => ({
      width: 180,
      height: 150,
      layer: [
        {
          data: { values: found.map((each) => ({ head: each.head, value: value(each) })) },
          mark: { type: 'point', filled: true, size: 45, opacity: 0.7, color: '#2f7ed8' },
          encoding: {
            y: {
              field: 'head',
              type: 'nominal',
              sort: HEADS.map(({ name }) => name),
              axis: { title: null, labels: i === 0, ticks: i === 0, labelLimit: 200 },
            },
            x: { field: 'value', type: 'quantitative', title, scale: { zero: false } },
          },
        },
        {
          data: { values: [{ value: rule }] },
          mark: { type: 'rule', strokeDash: [4, 3], color: 'currentColor' },
          encoding: { x: { field: 'value', type: 'quantitative' } },
        },
      ],
    })),
  };
}
