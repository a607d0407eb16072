// Exploding gradients, and what clipping does about them: without it training ends in a few updates.

import { addingBaseline, addingProblem } from '@tidecast/data';
import { modelColors } from '@tidecast/eval/report';
import { createModel, dense, network, rnn } from '@tidecast/models';
import { type ClipOptions, fit, mse, NonFiniteError, sgd } from '@tidecast/train';
import type { Claim, Example, ExampleChart, ExampleOptions } from '../example.ts';
import { overSeeds, plusMinus } from './over-seeds.ts';

/** Ways to clip, by name. */
const ways: Readonly<Record<string, ClipOptions | undefined>> = {
  'no clipping': undefined,
  'norm at most 1': { norm: 1 },
  'values at most 0.01': { value: 0.01 },
};

/** One training. */
interface Run {
  way: string;
  seed: number;
  /** Updates made, and those in which the clipping bit. */
  updates: number;
  bites: number;
  /** True where it ended with a loss, gradient or weight that is not finite. */
  exploded: boolean;
  /** Norm of the gradients before clipping, and the loss, for each update. */
  norms: number[];
  losses: number[];
}

/** The same training without clipping, with clipping by norm, and by value. */
export const clipping: Example = {
  title: 'Exploding gradients, with and without clipping',
  source:
    'Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063 (clipping by norm); Mikolov 2012 (by value). A ReLU network that begins ' +
    'as the identity (Le et al. 2015) on the adding problem.',
  async run(options) {
    const runs: Run[] = [];
    for (const way of Object.keys(ways)) {
      for (let seed = 1; seed <= options.seeds; seed++) {
        const run = await trained(way, seed, options);
        runs.push(run);
        options.progress(
          `${way}, seed ${seed}: ${run.updates} updates${run.exploded ? ', then not finite' : ''}, clipped in ${run.bites}`,
        );
      }
    }
    return {
      claims: claims(runs, options),
      rows: runs.map(({ norms, losses, ...run }) => ({
        ...run,
        largestNorm: Number(Math.max(...norms).toExponential(3)),
        lastLoss: Number(lastLoss(losses).toPrecision(4)),
      })),
      charts: [chart(runs)],
    };
  },
};

async function trained(way: string, seed: number, { quick, signal }: ExampleOptions): Promise<Run> {
  const [steps, updates, batchSize] = quick ? [40, 30, 8] : [150, 400, 16];
  const layer = rnn({
    units: quick ? 16 : 64,
    activation: 'relu',
    recurrentInit: 'identity',
    kernelInit: { type: 'normal', sigma: 0.001 },
  });
  const model = createModel(network({ input: [steps, 2], layers: [layer, dense({ units: 1 })] }), { seed });
  const run: Run = { way, seed, updates: 0, bites: 0, exploded: false, norms: [], losses: [] };
  try {
    await fit(model, addingProblem({ steps, count: updates * batchSize, seed }), {
      ...{ loss: mse(), optimizer: sgd({ learningRate: 0.03, momentum: 0.9 }), clip: ways[way] },
      ...{ batchSize, seed, signal, epochs: 1 },
      onProgress(event) {
        if (event.kind !== 'batch') return;
        run.updates++;
        run.bites += Number(event.clippedByNorm || event.clippedByValue);
        run.norms.push(event.gradientNorm);
        run.losses.push(event.loss);
      },
    });
  } catch (error) {
    if (!(error instanceof NonFiniteError)) throw error;
    run.exploded = true;
  } finally {
    model.dispose();
  }
  return run;
}

/** Mean over the last fifty updates. */
function lastLoss(losses: readonly number[]): number {
  return overSeeds(losses.slice(-50)).mean;
}

function claims(runs: readonly Run[], { seeds }: ExampleOptions): Claim[] {
  return Object.keys(ways).map((way): Claim => {
    const own = runs.filter((run) => run.way === way);
    const exploded = own.filter((run) => run.exploded);
    if (ways[way] === undefined) {
      const after =
        exploded.length > 0
          ? ` after ${plusMinus(
              exploded.map(({ updates }) => updates),
              1,
            )} updates`
          : '';
      return {
        method: 'Training a deep recurrence without clipping',
        figure: `${exploded.length} of ${seeds} seeds end with weights that are not finite${after}`,
        bar: 'explodes (Pascanu et al. 2013)',
        met: exploded.length === seeds,
      };
    }
    const share = plusMinus(
      own.map(({ bites, updates }) => (100 * bites) / updates),
      0,
    );
    const last = own.map(({ losses }) => lastLoss(losses));
    return {
      method: `Clipping, ${way}`,
      figure: `all updates made by ${own.length - exploded.length} of ${seeds} seeds; bit in ${share} % of them; loss ends at ${plusMinus(last, 3)}`,
      bar: `no seed explodes, and the loss ends within 10 % of the mean's ${addingBaseline.toFixed(3)} or below`,
      met: exploded.length === 0 && overSeeds(last).mean <= 1.1 * addingBaseline,
    };
  });
}

function chart(runs: readonly Run[]): ExampleChart {
  const names = Object.keys(ways);
  const colors = modelColors(names);
  const values = runs.flatMap(({ way, seed, norms, losses }) =>
    norms.map((norm, i) => ({ way, seed, update: i + 1, norm: positive(norm), loss: positive(losses[i]!) })),
  );
  const panel = (field: string, title: string) => ({
    width: 340,
    height: 260,
    mark: { type: 'line', strokeWidth: 1, opacity: 0.7, point: { size: 6 } },
    encoding: {
      x: {
        field: 'update',
        type: 'quantitative',
        title: 'update',
        scale: { type: 'log' },
        axis: { grid: false },
      },
      y: {
        ...{ field, type: 'quantitative', title, scale: { type: 'log' } },
        axis: { format: '.0e', tickCount: 6 },
      },
      detail: { field: 'seed' },
      color: {
        ...{ field: 'way', type: 'nominal', sort: names },
        scale: { domain: names, range: names.map((name) => colors[name]!) },
        legend: { title: null, orient: 'top' },
      },
    },
  });
  return {
    name: 'clipping',
    caption:
      'Norm of all gradients before clipping, and the loss, at each update; one line for each seed. Without clipping the weights ' +
      'are not finite after a few updates, and the lines end.',
    spec: {
      description: 'Gradient norm and loss by updates, with and without clipping',
      data: { values },
      hconcat: [panel('norm', 'norm of all gradients'), panel('loss', 'loss')],
    },
  };
}

/** What a logarithmic axis can show. */
function positive(value: number): number | null {
  return value > 0 && Number.isFinite(value) ? value : null;
}
