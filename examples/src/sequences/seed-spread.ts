// One network, one small and noisy training set, ten seeds: how far the results lie apart, and what narrows them.

import { addingProblem, createRandom, type Samples } from '@tidecast/data';
import { formatSeedSpread, type SeedSpread, seedSpread } from '@tidecast/eval';
import { type ChartSpec, modelColors, observedColor } from '@tidecast/eval/report';
import { createModel, dense, type LstmSettings, lstm, network } from '@tidecast/models';
import { adam, adamw, evaluate, type FitOptions, fit, mse, NonFiniteError } from '@tidecast/train';
import type { Example, ExampleOptions } from '../example.ts';

/** What is done against learning by heart. */
interface Cure {
  layer?: Omit<LstmSettings, 'units'>;
  fit?: Partial<FitOptions>;
}

const learningRate = 0.01;
const nothing = 'nothing';
const cures: Readonly<Record<string, Cure>> = {
  [nothing]: {},
  'early stopping': { fit: { earlyStopping: { patience: 10 } } },
  'weight decay': { fit: { optimizer: adamw({ learningRate, weightDecay: 0.1 }) } },
  'recurrent dropout': { layer: { recurrentDropout: 0.25 } },
  zoneout: { layer: { zoneout: 0.1, cellZoneout: 0.3 } },
};

/** The spread over seeds of an LSTM that overfits, and of the same with a cure. */
export const seedSpreadExample: Example = {
  title:
    'Spread over seeds: one network ten times, and what early stopping, weight decay, dropout and zoneout change',
  source:
    'Variational recurrent dropout: Gal and Ghahramani 2016, arXiv:1512.05287; zoneout: Krueger et al. 2017, arXiv:1606.01305; ' +
    'decoupled weight decay: Loshchilov and Hutter 2019, arXiv:1711.05101.',
  async run(options) {
    const { quick } = options;
    const seeds = quick ? options.seeds : 2 * options.seeds;
    const spreads = new Map<string, SeedSpread>();
    const results: { cure: string; seed: number; value: number }[] = [];
    for (const name of Object.keys(cures)) {
      for (let seed = 1; seed <= seeds; seed++) {
        results.push({ cure: name, seed, value: await testError(cures[name]!, seed, options) });
      }
      const spread = seedSpread(results.filter(({ cure }) => cure === name));
      spreads.set(name, spread);
      options.progress(`${name}: ${formatSeedSpread(spread, { decimals: 4 })}`);
    }
    const plain = spreads.get(nothing)!;
    return {
      claims: [...spreads].map(([name, spread]) => ({
        method: name === nothing ? 'Spread over seeds, LSTM as it is' : `LSTM with ${name}`,
        figure: `test MSE ${formatSeedSpread(spread, { decimals: 4 })}, median ${spread.median.toFixed(4)}`,
        bar:
          name === nothing
            ? `below the noise that it learns from (variance ${(NOISE ** 2).toFixed(2)}) with every seed`
            : `a lower mean than without (${plain.mean.toFixed(4)})`,
        met:
          name === nothing
            ? spread.failed === 0 && spread.worst.value < NOISE ** 2
            : spread.mean < plain.mean,
      })),
      rows: results.map(({ cure, seed, value }) => ({ cure, seed, testMse: Number(value.toPrecision(4)) })),
      charts: [
        {
          name: 'seed-spread',
          caption: `Error on noise-free test examples, one dot for each of ${seeds} seeds; the line is their mean. Less is better.`,
          spec: chart(results),
        },
      ],
    };
  },
};

/** Standard deviation of the noise on the targets that are learnt from. */
const NOISE = 0.2;

/** Error on noise-free examples of a network trained on a few noisy ones; NaN where training failed. */
async function testError(
  { layer, fit: own }: Cure,
  seed: number,
  { quick, signal }: ExampleOptions,
): Promise<number> {
  const steps = 8;
  const training = noisy(addingProblem({ steps, count: 100, seed: 1 }), 1);
  const validation = noisy(addingProblem({ steps, count: 100, seed: 2 }), 2);
  const test = addingProblem({ steps, count: quick ? 100 : 2000, seed: 3 });
  const layers = [lstm({ units: quick ? 4 : 32, ...layer }), dense({ units: 1 })];
  const model = createModel(network({ input: [steps, 2], layers }), { seed });
  try {
    await fit(model, training, {
      loss: mse(),
      optimizer: adam({ learningRate }),
      clip: { norm: 1 },
      epochs: quick ? 2 : 80,
      batchSize: 25,
      seed,
      validation,
      signal,
      ...own,
    });
    return await evaluate(model, test, { loss: mse(), signal });
  } catch (error) {
    if (error instanceof NonFiniteError) return Number.NaN;
    throw error;
  } finally {
    model.dispose();
  }
}

/** The samples with noise on their targets: the same each time an example is asked for, and each once an epoch in any order. */
function noisy({ order: _, ...samples }: Samples, seed: number): Samples {
  const noise = (index: number) => NOISE * createRandom(seed, 'noise', index).normal();
  return {
    ...samples,
    batch(indices) {
      const { y, ...batch } = samples.batch(indices);
      return { ...batch, y: { ...y, data: y.data.map((target, i) => target + noise(indices[i]!)) } };
    },
  };
}

function chart(results: readonly { cure: string; seed: number; value: number }[]): ChartSpec {
  const names = Object.keys(cures);
  const colors = modelColors(names);
  const place = { field: 'cure', type: 'nominal', sort: names, axis: { title: null, ticks: false } };
  return {
    width: 560,
    height: 40 * names.length,
    data: { values: results.filter(({ value }) => Number.isFinite(value)) },
    encoding: {
      y: place,
      x: { field: 'value', type: 'quantitative', title: 'Test error (MSE)', axis: { tickCount: 6 } },
    },
    layer: [
      {
        mark: { type: 'point', filled: true, size: 50, opacity: 0.6 },
        encoding: {
          color: {
            field: 'cure',
            type: 'nominal',
            scale: { domain: names, range: names.map((name) => colors[name]) },
            legend: null,
          },
        },
      },
      {
        mark: { type: 'tick', thickness: 2.5, size: 26, color: observedColor },
        encoding: { x: { field: 'value', aggregate: 'mean', type: 'quantitative' } },
      },
    ],
  };
}
