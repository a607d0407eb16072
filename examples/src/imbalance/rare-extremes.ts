// Regression where what matters is rare: a level that bursts now and then, as a storm does, learned with and without
// weights by how rare its values are.

import {
  createRandom,
  createSeries,
  fitSampleScalers,
  HOUR,
  type Samples,
  type Series,
  scaleSamples,
  unscale,
  type WindowSamples,
  windows,
} from '@tidecast/data';
import { bias, rmse, seedSpread } from '@tidecast/eval';
import { spreadChart } from '@tidecast/eval/report';
import { createModel, dense, gru, network, reshape } from '@tidecast/models';
import {
  adam,
  densityWeights,
  fit,
  inverseDensityWeights,
  mse,
  predict,
  reweighted,
  targetStatistic,
  targetsOf,
  weightedResampling,
} from '@tidecast/train';
import type { Claim, Example } from '../example.ts';

const HORIZON = 3;
/** Hours by which the level is behind the wind. */
const DELAY = 3;
/** The largest twentieth of all levels is rare. */
const RARE = 0.05;

/**
 * A wind that gusts for some hours now and then, and a level that follows every third gust three hours later: whether it
 * will is not seen in the wind.
 */
function storms(hours: number, seed: number): Series {
  const random = createRandom(seed, 'storms');
  const values = new Float32Array(hours * 2);
  let [wind, level, gust, effect] = [0, 0, 0, 0];
  const pushes = new Float64Array(hours);
  for (let t = 0; t < hours; t++) {
    if (random.uniform() < 0.02) {
      gust = 2 + 3 * random.uniform();
      effect = random.uniform() < 1 / 3 ? 0.8 : 0;
    }
    gust *= 0.85;
    wind = 0.8 * wind + 0.6 * random.normal();
    values[2 * t] = wind + gust;
    pushes[t] = effect * gust;
    level = 0.8 * level + (pushes[t - DELAY] ?? 0) + 0.2 * random.normal();
    values[2 * t + 1] = level;
  }
  const channels = [
    { name: 'wind', unit: 'm/s' },
    { name: 'level', unit: 'dm' },
  ];
  return createSeries({ start: 0, step: HOUR, shape: [2], channels, values });
}

function windowsOf(series: Series): WindowSamples {
  return windows(series, { steps: 12, horizon: HORIZON, inputs: ['wind', 'level'], targets: ['level'] });
}

/** Ways to weigh scaled windows. */
const methods: Readonly<Record<string, (samples: Samples) => Samples>> = {
  plain: (samples) => samples,
  'density weights': (samples) => {
    const { data, shape } = targetsOf(samples);
    return reweighted(samples, { data: densityWeights(data), shape });
  },
  'inverse density, square root': (samples) => {
    const { data, shape } = targetsOf(samples);
    return reweighted(samples, {
      data: inverseDensityWeights(data, { power: 0.5 }),
      shape,
    });
  },
  'resampling by the density of the maximum': (samples) =>
    weightedResampling(samples, densityWeights(targetStatistic(samples, 'max'))),
};

interface Scored {
  method: string;
  seed: number;
  /** [dm], over the rare levels, over the others, and over all. */
  rmseRare: number;
  rmseCommon: number;
  rmseAll: number;
  /** [dm]: forecast less observed, over the rare levels. */
  biasRare: number;
}

/** The example. */
export const rareExtremes: Example = {
  title: 'Rare extremes in regression: weights by density',
  source:
    'Steininger et al. 2021, Machine Learning 110, 2187 (density weights); Yang et al. 2021, ICML (inverse of the ' +
    'smoothed density). Rare: observed levels above the 95th percentile of the test.',
  async run({ seeds, quick, progress, signal }) {
    const test = windowsOf(storms(quick ? 400 : 8000, 1000));
    const observed = targetsOf(test).data;
    const limit = observed.slice().sort()[Math.floor((1 - RARE) * observed.length)]!;
    const scored: Scored[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const train = windowsOf(storms(quick ? 300 : 8000, seed));
      const scalers = fitSampleScalers('standard', train);
      const scaled = scaleSamples(train, scalers);
      for (const [method, weigh] of Object.entries(methods)) {
        const layers = [gru({ units: 16 }), dense({ units: HORIZON }), reshape({ shape: [HORIZON, 1] })];
        const model = createModel(network({ input: [12, 2], layers }), { seed });
        await fit(model, weigh(scaled), {
          loss: mse(),
          optimizer: adam({ learningRate: 0.004 }),
          epochs: quick ? 1 : 20,
          batchSize: 64,
          seed,
          signal,
        });
        const forecast = unscale(scalers.y, await predict(model, scaleSamples(test, scalers))).data;
        model.dispose();
        const where = (of: (level: number) => boolean) => {
          const there = observed.map((level) => (of(level) ? level : Number.NaN));
          return { rmse: rmse(forecast, there), bias: bias(forecast, there) };
        };
        const rare = where((level) => level > limit);
        const result = {
          method,
          seed,
          rmseRare: rare.rmse,
          rmseCommon: where((level) => level <= limit).rmse,
          rmseAll: rmse(forecast, observed),
          biasRare: rare.bias,
        };
        progress(
          `seed ${seed}, ${method}: rare ${result.rmseRare.toFixed(2)}, all ${result.rmseAll.toFixed(2)}`,
        );
        scored.push(result);
      }
    }
    const names = Object.keys(methods);
    return {
      claims: names.slice(1).map((name) => claim(name, scored)),
      rows: scored.map((each) => ({ ...each })),
      charts: [
        {
          name: 'rare-extremes',
          caption:
            'Error on the rare large levels, on all others, and on all: what weights win on storms they pay for on ' +
            'quiet hours.',
          spec: spreadChart({
            title: 'Forecasts of a level that bursts',
            x: 'RMSE [dm], mean ± sd over seeds',
            rows: names.flatMap((name) =>
              (
                [
                  ['rmseRare', 'rare'],
                  ['rmseCommon', 'others'],
                  ['rmseAll', 'all'],
                ] as const
              ).map(([score, group]) => {
                const { mean, sd } = spread(scored, name, score);
                return { name, group, mean, sd };
              }),
            ),
          }),
        },
      ],
    };
  },
};

function spread(scored: readonly Scored[], method: string, score: Exclude<keyof Scored, 'method' | 'seed'>) {
  const own = scored.filter((each) => each.method === method);
  return seedSpread(own.map((each) => ({ seed: each.seed, value: each[score] })));
}

function claim(name: string, scored: readonly Scored[]): Claim {
  const shown = (method: string, score: 'rmseRare' | 'rmseCommon' | 'rmseAll' | 'biasRare') => {
    const { mean, sd } = spread(scored, method, score);
    return `${mean.toFixed(2)} ± ${sd.toFixed(2)}`;
  };
  const all = (method: string) =>
    `RMSE on rare levels ${shown(method, 'rmseRare')} dm, on the others ${shown(method, 'rmseCommon')}, on all ` +
    `${shown(method, 'rmseAll')}, bias on rare ${shown(method, 'biasRare')}`;
  // Seed by seed, since both learn from the same series.
  const of = (method: string) => scored.filter((each) => each.method === method);
  const falls = of(name).map(({ seed, rmseRare }) => ({
    seed,
    value: of('plain').find((each) => each.seed === seed)!.rmseRare - rmseRare,
  }));
  const { mean, sd, n } = seedSpread(falls);
  return {
    method: `Rare extremes: ${name}`,
    figure: `${all(name)}; on rare levels ${mean.toFixed(2)} ± ${sd.toFixed(2)} less, seed by seed`,
    bar: `plain training: ${all('plain')}; the fall on rare levels above two of its standard errors`,
    met: mean > (2 * sd) / Math.sqrt(n) && mean > 0,
  };
}
