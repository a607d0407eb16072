// How much gradient reaches the first of 150 steps, at the start and after training: the vanishing gradient and its cures.

import { addingProblem, type Samples } from '@tidecast/data';
import { createModel, dense, type LayerConfig, lstm, type Model, network } from '@tidecast/models';
import { adam, evaluate, fit, gradientFlow as flowOf, gradientFlowChart, mse } from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { memoryCells } from '../sequences/cells.ts';
import { overSeeds, plusMinus } from './over-seeds.ts';

const PROBE_SEED = 1_000_000;

/** A recurrent layer, and how it is trained; not at all where there is no learning rate. */
interface Net {
  name: string;
  layer: LayerConfig;
  learningRate?: number;
}

/** Norms by step of one net and seed. */
interface Flow {
  name: string;
  seed: number;
  when: 'start' | 'trained';
  norms: number[];
  /** Mean squared error on the examples the gradient is taken on. */
  error: number;
}

/** ‖∂L/∂h_t‖ of every cell at the start and after training. */
export const gradientFlow: Example = {
  title: 'Where the gradient of 150 steps goes: ‖∂L/∂h_t‖ by cell',
  source:
    'Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063; Le, Jaitly and Hinton 2015, arXiv:1504.00941 (IRNN); ' +
    'Jozefowicz, Zaremba and Sutskever 2015 (forget bias). The adding problem, Adam.',
  async run(options) {
    const steps = options.quick ? 20 : 150;
    const count = options.quick ? 8 : 32;
    const probe = addingProblem({ steps, count, seed: PROBE_SEED });
    const flows: Flow[] = [];
    for (const net of nets(options.quick ? 8 : 32)) {
      for (let seed = 1; seed <= options.seeds; seed++) {
        flows.push(...(await flowsOf(net, probe, { seed, steps }, options)));
        const [last] = flows.slice(-1);
        options.progress(
          `${net.name}, seed ${seed}: 10^${logRatio(last!.norms).toFixed(1)} ${last!.when}, MSE ${last!.error.toFixed(4)}`,
        );
      }
    }
    const drawn = (when: Flow['when']) =>
      [...new Set(flows.filter((flow) => flow.when === when).map(({ name }) => name))].map((name) => ({
        name,
        norms: geometricMean(flows.filter((flow) => flow.when === when && flow.name === name)),
      }));
    const panel = (when: Flow['when'], title: string) =>
      gradientFlowChart({ lines: drawn(when), title, width: 360, floor: 1e-25 });
    return {
      claims: claims(flows),
      rows: flows.map(({ name, when, seed, norms, error }) => ({
        ...{
          cell: name,
          when,
          seed,
          log10Ratio: Number(logRatio(norms).toFixed(2)),
          mse: Number(error.toFixed(4)),
        },
        ...{ first: Number(norms[0]!.toExponential(3)), last: Number(norms.at(-1)!.toExponential(3)) },
      })),
      charts: [
        {
          name: 'gradient-flow',
          caption:
            'Norm of the gradient by the state h at each of 150 steps of the adding problem, whose loss stands at the last one; ' +
            'geometric mean over the seeds. A line that falls to the left is a gradient that vanishes.',
          spec: {
            description:
              'Norm of the gradient by the recurrent state at each step, before and after training',
            hconcat: [panel('start', 'At the start'), panel('trained', 'After training')],
            resolve: { scale: { y: 'shared', color: 'shared' } },
          },
        },
      ],
    };
  },
};

function nets(units: number): Net[] {
  return [
    ...memoryCells
      .filter(({ name }) => name !== 'ReLU RNN')
      .map(({ name, layer, learningRate }) => ({
        ...{ name, learningRate },
        layer: layer({ units, returnSequences: false }),
      })),
    { name: 'LSTM, forget bias 0', layer: lstm({ units, forgetBias: 0 }) },
  ];
}

async function flowsOf(
  { name, layer, learningRate }: Net,
  probe: Samples,
  { seed, steps }: { seed: number; steps: number },
  { quick, signal }: ExampleOptions,
): Promise<Flow[]> {
  const model = createModel(network({ input: [steps, 2], layers: [layer, dense({ units: 1 })] }), { seed });
  try {
    const start: Flow = { name, seed, when: 'start', ...(await measured(model, probe)) };
    if (learningRate === undefined) return [start];
    const [updates, batchSize] = [quick ? 20 : 4000, 20];
    await fit(model, addingProblem({ steps, count: updates * batchSize, seed }), {
      ...{ loss: mse(), optimizer: adam({ learningRate }), clip: { norm: 1 } },
      ...{ batchSize, seed, signal, epochs: 1 },
    });
    return [start, { name, seed, when: 'trained', ...(await measured(model, probe)) }];
  } finally {
    model.dispose();
  }
}

/** ‖∂L/∂h_t‖ of the one recurrent layer, and the loss. */
async function measured(model: Model, probe: Samples): Promise<Pick<Flow, 'norms' | 'error'>> {
  const batch = probe.batch(Array.from({ length: probe.count }, (_, i) => i));
  const flows = await flowOf(model, batch, mse());
  const { norms } = flows.find(({ state }) => state.endsWith('.h'))!;
  return { norms, error: await evaluate(model, probe, { loss: mse() }) };
}

/** log₁₀ of the first norm over the last one; −45, the end of float32, where the first is 0. */
function logRatio(norms: readonly number[]): number {
  return Math.log10(Math.max(norms[0]! / norms.at(-1)!, 1e-45));
}

function geometricMean(flows: readonly Flow[]): number[] {
  return flows[0]!.norms.map((_, t) => {
    const logs = flows.map(({ norms }) => Math.log(norms[t]!));
    return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
  });
}

function claims(flows: readonly Flow[]): Claim[] {
  const ratios = (name: string, when: Flow['when']) =>
    flows.filter((flow) => flow.name === name && flow.when === when).map(({ norms }) => logRatio(norms));
  const power = (values: readonly number[]) => `10^(${plusMinus(values, 1)})`;
  const what = '‖∂L/∂h₀‖ / ‖∂L/∂h_T‖';
  const plain = ratios('tanh RNN', 'start');
  const identity = ratios('IRNN', 'start');
  const [open, closed] = [ratios('LSTM', 'start'), ratios('LSTM, forget bias 0', 'start')];
  const gated = ['LSTM', 'GRU'].map((name): Claim => {
    const [before, after] = [ratios(name, 'start'), ratios(name, 'trained')];
    const errors = flows
      .filter((flow) => flow.name === name && flow.when === 'trained')
      .map(({ error }) => error);
    return {
      method: `Gradient flow, ${name}, trained`,
      figure: `${what} from ${power(before)} to ${power(after)}; MSE ${plusMinus(errors, 4)}`,
      bar: 'training opens the gates: it rises above the start',
      met: overSeeds(after).mean > overSeeds(before).mean,
    };
  });
  return [
    {
      method: 'Gradient flow, tanh RNN at the start',
      figure: `${what} = ${power(plain)}`,
      bar: 'vanishes: below 10^-3 with every seed (Pascanu et al. 2013: exponentially)',
      met: plain.every((ratio) => ratio < -3),
    },
    {
      method: 'Gradient flow, IRNN at the start',
      figure: `${what} = ${power(identity)}`,
      bar: 'stays: within a factor of 10 with every seed (Le et al. 2015: the identity hands it on)',
      met: identity.every((ratio) => Math.abs(ratio) <= 1),
    },
    {
      method: 'Gradient flow, forget bias 1 at the start of an LSTM',
      figure: `${what} = ${power(open)}; with forget bias 0: ${power(closed)}`,
      bar: 'more than with forget bias 0 (Jozefowicz et al. 2015)',
      met: overSeeds(open).mean > overSeeds(closed).mean,
    },
    ...gated,
  ];
}
