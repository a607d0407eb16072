// What backpropagation through time costs, in time and memory, against the length of the sequence: whole, and truncated.

import { cpuUsage } from 'node:process';
import { createPlan, currentKernels } from '@tidecast/backend';
import { createRandom, type NdArray } from '@tidecast/data';
import { modelColors } from '@tidecast/eval/report';
import { createModel, dense, lstm, type Model, network } from '@tidecast/models';
import { adam, fit, mse, streams } from '@tidecast/train';
import type { Claim, Example, ExampleChart } from '../example.ts';
import { overSeeds, plusMinus } from './over-seeds.ts';

const BATCH = 16;
const CHANNELS = 2;
/** Steps of a piece of truncated BPTT: k1 = k2. */
const PIECE = 25;

type Kind = 'full BPTT' | 'truncated BPTT';

/** One kind and length, and the mean over the seeds. */
interface Cost {
  kind: Kind;
  steps: number;
  /** Processor time of the fastest update [ms], for each seed. */
  milliseconds: number[];
  /** Memory of a training step [bytes]. */
  bytes: number;
}

/** Time and memory of an update against the length of the sequences. */
export const bpttCost: Example = {
  title: 'The cost of backpropagation through time, whole and truncated',
  source:
    'Williams and Peng 1990, Neural Computation 2: full BPTT stores every step, O(T); truncated at k steps O(k), whatever T.',
  async run({ seeds, quick, progress, signal }) {
    const lengths = quick ? [25, 50, 100] : [25, 50, 100, 200, 400, 800, 1600];
    const updates = quick ? 3 : 24;
    const costs: Cost[] = [];
    for (const steps of lengths) {
      for (const kind of ['full BPTT', 'truncated BPTT'] as const) {
        const piece = kind === 'full BPTT' ? steps : PIECE;
        const milliseconds: number[] = [];
        let bytes = 0;
        for (let seed = 1; seed <= seeds; seed++) {
          const model = createModel(
            network({
              input: [null, CHANNELS],
              layers: [lstm({ units: quick ? 8 : 32, returnSequences: true }), dense({ units: 1 })],
            }),
            { seed },
          );
          try {
            milliseconds.push(await timed(model, { steps, piece, updates, seed, signal }));
            bytes = memoryOf(model, piece);
          } finally {
            model.dispose();
          }
        }
        costs.push({ kind, steps, milliseconds, bytes });
        progress(`${kind}, T ${steps}: ${mean(milliseconds).toFixed(2)} ms, ${megabytes(bytes)}`);
      }
    }
    return {
      claims: claims(costs, seeds),
      rows: costs.map(({ kind, steps, milliseconds, bytes }) => ({
        ...{ kind, steps, piece: kind === 'full BPTT' ? steps : PIECE, bytes },
        milliseconds: round(mean(milliseconds)),
        millisecondsSd: round(overSeeds(milliseconds).sd),
      })),
      charts: [chart(costs)],
    };
  },
};

/** Processor time of the fastest update [ms] of a planned training over sequences of `steps`, cut into pieces. */
async function timed(
  model: Model,
  run: { steps: number; piece: number; updates: number; seed: number; signal: AbortSignal },
): Promise<number> {
  const { steps, piece, updates, seed, signal } = run;
  const sequences = (width: number, which: string): NdArray[] =>
    Array.from({ length: BATCH }, (_, row) => {
      const random = createRandom(seed, which, row);
      return {
        data: Float32Array.from({ length: steps * width }, () => random.normal()),
        shape: [steps, width],
      };
    });
  const source = { x: sequences(CHANNELS, 'x'), y: sequences(1, 'y') };
  const samples = streams(source, { batchSize: BATCH, steps: piece });
  const times: number[] = [];
  let last = 0;
  await fit(model, samples, {
    ...{ loss: mse(), optimizer: adam(), batchSize: BATCH, seed, signal },
    epochs: Math.ceil(updates / (samples.count / BATCH)),
    onProgress(event) {
      if (event.kind === 'start' && event.path !== 'planned') throw new Error(`bptt-cost: ${event.why}.`);
      const now = cpuMilliseconds();
      // The first update of a run also warms the code up.
      if (event.kind === 'batch' && event.batch + event.epoch > 2) times.push(now - last);
      last = cpuMilliseconds();
    },
  });
  return Math.min(...times);
}

/** Time this process has computed [ms]: other programs on the machine do not count. */
function cpuMilliseconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

/** What a training step of the model over pieces of `steps` takes of the tensors' memory [bytes]. */
function memoryOf(model: Model, steps: number): number {
  const current = currentKernels();
  if (!current) throw new Error('bptt-cost: it measures planned steps, which need the WASM backend.');
  let taken = 0;
  const allocate = (bytes: number) => {
    taken = bytes;
    return current.allocate(bytes);
  };
  const plan = createPlan({ ...current, allocate }, { batch: BATCH, training: true });
  const pair = (size: number) => ({ value: plan.block(size), gradient: plan.block(size) });
  const weights = Object.entries(model.weights).map(([name, { size }]) => [name, pair(size)] as const);
  const states = Object.entries(model.states as Record<string, number>).map(
    ([name, units]) =>
      [name, { before: plan.block(BATCH * units), after: plan.block(BATCH * units) }] as const,
  );
  const input = { value: plan.block(BATCH * steps * CHANNELS), shape: [steps, CHANNELS] };
  const output = model.plan!(plan, input, Object.fromEntries(weights), {
    states: { blocks: Object.fromEntries(states) },
  });
  if (typeof output === 'string') throw new Error(`bptt-cost: ${output}.`);
  mse().plan!(plan, output, { y: plan.block(BATCH * steps), shape: [steps, 1] });
  plan.lay().dispose();
  return taken;
}

function claims(costs: readonly Cost[], seeds: number): Claim[] {
  const of = (kind: Kind) => costs.filter((cost) => cost.kind === kind);
  const [full, truncated] = [of('full BPTT'), of('truncated BPTT')];
  const [first, last] = [full[0]!, full.at(-1)!];
  /** The power of T by which the time of an update grows, for each seed. */
  const powers = (all: readonly Cost[]) =>
    Array.from({ length: seeds }, (_, i) =>
      slope(all.map(({ steps, milliseconds }) => [Math.log(steps), Math.log(milliseconds[i]!)])),
    );
  const [fullPowers, truncatedPowers] = [powers(full), powers(truncated)];
  const perStep = full
    .slice(1)
    .map(({ bytes, steps }, i) => (bytes - full[i]!.bytes) / (steps - full[i]!.steps));
  const spread = Math.max(...perStep) / Math.min(...perStep);
  const range = `T ${first.steps} to ${last.steps}`;
  return [
    {
      method: 'Full BPTT, time of an update',
      figure: `∝ T^(${plusMinus(fullPowers, 2)}), ${range}: ${mean(first.milliseconds).toFixed(2)} → ${mean(last.milliseconds).toFixed(1)} ms`,
      bar: '∝ T (linear; power within 0.15 of 1)',
      met: Math.abs(mean(fullPowers) - 1) <= 0.15,
    },
    {
      method: `Truncated BPTT (k ${PIECE}), time of an update`,
      figure: `∝ T^(${plusMinus(truncatedPowers, 2)}), ${range}`,
      bar: 'does not depend on T (power within 0.15 of 0)',
      met: Math.abs(mean(truncatedPowers)) <= 0.15,
    },
    {
      method: 'Full BPTT, memory of a step',
      figure: `${megabytes(first.bytes)} → ${megabytes(last.bytes)}, ${range}; ${(mean(perStep) / 1024).toFixed(1)} KiB each time step, within ${((spread - 1) * 100).toFixed(1)} %`,
      bar: 'the same for each further time step (linear; within 1 %)',
      met: spread <= 1.01,
    },
    {
      method: `Truncated BPTT (k ${PIECE}), memory of a step`,
      figure: `${[...new Set(truncated.map(({ bytes }) => megabytes(bytes)))].join(', ')} at every T`,
      bar: 'does not grow with T',
      met: truncated.every(({ bytes }) => bytes === truncated[0]!.bytes),
    },
  ];
}

function chart(costs: readonly Cost[]): ExampleChart {
  const kinds: Kind[] = ['full BPTT', 'truncated BPTT'];
  const colors = modelColors(kinds);
  const values = costs.map(({ kind, steps, milliseconds, bytes }) => ({
    ...{ kind, steps, time: mean(milliseconds), memory: bytes / 2 ** 20 },
  }));
  const panel = (field: string, title: string) => ({
    width: 340,
    height: 260,
    mark: { type: 'line', point: true, strokeWidth: 2 },
    encoding: {
      x: {
        ...{ field: 'steps', type: 'quantitative', title: 'length T of the sequences [steps]' },
        scale: { type: 'log', nice: false },
        axis: { values: values.map(({ steps }) => steps), grid: false, labelOverlap: false },
      },
      y: { field, type: 'quantitative', title, scale: { type: 'log' }, axis: { tickCount: 5 } },
      color: {
        ...{ field: 'kind', type: 'nominal', sort: kinds },
        scale: { domain: kinds, range: kinds.map((kind) => colors[kind]!) },
        legend: { title: null, orient: 'top', labelLimit: 300 },
      },
    },
  });
  return {
    name: 'bptt-cost',
    caption:
      `Processor time and memory of one update of an LSTM with 32 units over ${BATCH} sequences, by their length. Full BPTT goes ` +
      `through all T steps; truncated BPTT through ${PIECE}, with the state carried over.`,
    spec: {
      description: 'Time and memory of full and truncated backpropagation through time against the length',
      data: { values },
      hconcat: [panel('time', 'processor time of an update [ms]'), panel('memory', 'memory of a step [MiB]')],
    },
  };
}

function mean(values: readonly number[]): number {
  return overSeeds(values).mean;
}

/** Slope of the least-squares line. */
function slope(points: readonly (readonly number[])[]): number {
  const [mx, my] = [0, 1].map((axis) => mean(points.map((point) => point[axis]!))) as [number, number];
  const above = points.reduce((sum, [x, y]) => sum + (x! - mx) * (y! - my), 0);
  return above / points.reduce((sum, [x]) => sum + (x! - mx) ** 2, 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
