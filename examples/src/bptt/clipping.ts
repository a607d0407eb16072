// Exploding gradients, and what clipping does about them: without it one steep step makes the next one steeper still.

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
  'values at most 0.003': { value: 0.003 },
};

/** Norm of the gradients from which on they have exploded. */
const EXPLODED = 1e6;

/** One training. */
interface Run {
  way: string;
  seed: number;
  /** Updates made, and those in which the clipping bit. */
  updates: number;
  bites: number;
  /** True where it ended with a loss, gradient or weight that is not finite. */
  failed: boolean;
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
          `${way}, seed ${seed}: ${run.updates} updates${run.failed ? ', then not finite' : ''}, norm up to ${largest(run).toExponential(1)}, clipped in ${run.bites}`,
        );
      }
    }
    return {
      claims: claims(runs, options),
      rows: runs.map(({ norms, losses, ...run }) => ({
        ...run,
        largestNorm: Number(Math.max(...norms).toExponential(3)),
        lastNorm: Number(norms.at(-1)!.toExponential(3)),
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
  const run: Run = { way, seed, updates: 0, bites: 0, failed: false, norms: [], losses: [] };
  try {
    await fit(model, addingProblem({ steps, count: updates * batchSize, seed }), {
      ...{ loss: mse(), optimizer: sgd({ learningRate: 0.01, momentum: 0.9 }), clip: ways[way] },
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
    run.failed = true;
  } finally {
    model.dispose();
  }
  return run;
}

/** Mean over the last fifty updates. */
function lastLoss(losses: readonly number[]): number {
  return overSeeds(losses.slice(-50)).mean;
}

function largest({ norms }: Run): number {
  return Math.max(...norms);
}

function hasExploded(run: Run): boolean {
  return run.failed || !(largest(run) < EXPLODED);
}

function claims(runs: readonly Run[], { seeds }: ExampleOptions): Claim[] {
  return Object.keys(ways).map((way): Claim => {
    const own = runs.filter((run) => run.way === way);
    const exploded = own.filter(hasExploded).length;
    const top = `norm of the gradients up to 10^(${plusMinus(
      own.map((run) => Math.log10(largest(run))),
      1,
    )})`;
    if (ways[way] === undefined) {
      return {
        method: 'A deep recurrence without clipping',
        figure: `${top}; ${exploded} of ${seeds} seeds explode`,
        bar: 'explodes with every seed (Pascanu et al. 2013): norm above 10^6',
        met: exploded === seeds,
      };
    }
    const share = plusMinus(
      own.map(({ bites, updates }) => (100 * bites) / updates),
      0,
    );
    const last = own.map(({ losses }) => lastLoss(losses));
    return {
      method: `Clipping, ${way}`,
      figure: `${top}; ${exploded} of ${seeds} seeds explode; bit in ${share} % of the updates; loss ends at ${plusMinus(last, 3)} (the mean alone: ${addingBaseline.toFixed(3)})`,
      bar: 'no seed explodes: norm below 10^6 at every update',
      met: exploded === 0,
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
    mark: { type: 'line', strokeWidth: 1, opacity: 0.7 },
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
        legend: { title: null, orient: 'top', labelLimit: 300 },
      },
    },
  });
  return {
    name: 'clipping',
    caption:
      'Norm of all gradients before clipping, and the loss, at each update; one line for each seed. Without clipping a steep ' +
      'step makes the next one steeper still; where a weight is no longer finite, the line ends.',
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
