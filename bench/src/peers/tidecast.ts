// The Tidecast peer: models and `fit` as anyone uses them, on WASM. A step's time is that of whole epochs over samples
// in memory, divided by their steps: shuffling, gathering batches and progress events are in it.

import { readFileSync } from 'node:fs';
import { currentKernels, useBackend } from '@tidecast/backend';
import { createModel, type Model } from '@tidecast/models';
import { adam, type FitOptions, fit, type Loss, predict } from '@tidecast/train';
import { createWorkerExecutor } from '@tidecast/train/node';
import type { TrainingInput } from '../contest/job.ts';
import { readDigitFiles } from '../mnist-files.ts';
import { trainMnist } from '../mnist-training.ts';
import type { Point } from '../points.ts';
import type {
  ContestRequest,
  DigitsAnswer,
  DigitsRequest,
  GemmRequest,
  InferRequest,
  Request,
  TrainAnswer,
  TrainRequest,
} from '../protocol.ts';
import { type Examples, examplesFor } from './data.ts';
import { measureGemm } from './gemm.ts';
import { lossFor, networkFor } from './networks.ts';
import { samplesOf } from './samples.ts';
import { blocksFor, createClock, serve, timeCalls } from './serve.ts';

const backend = await useBackend('wasm');

interface Built {
  key: string;
  model: Model;
  examples: Examples;
  loss: Loss;
  /** About how long a step takes [ms]. */
  stepMs: number;
}

let built: Built | undefined;

/** The model and data of a point, warm: those of the last request, where it asked for the same point. */
async function buildFor({ cell, units, batch, T }: Point): Promise<Built> {
  const point = { cell, units, batch, T };
  const key = JSON.stringify(point);
  if (built?.key === key) return built;
  built?.model.dispose();
  built = undefined;
  const next: Built = {
    key,
    model: createModel(networkFor(point), { seed: 1 }),
    examples: examplesFor(point),
    loss: lossFor(point),
    stepMs: 0,
  };
  // The engine compiles what runs often: train for a while before anything is timed.
  const began = performance.now();
  let rounds = 0;
  do {
    const clock = createClock(8);
    await trainBlocks(next, batch, { each: 8, blocks: 3 }, () => clock.lap());
    next.stepMs = clock.answer().ms;
  } while (++rounds < 20 && performance.now() - began < 300);
  built = next;
  return next;
}

/** `blocks` epochs of `each` steps; `onEnd` after each. */
async function trainBlocks(
  { model, examples, loss }: Built,
  batchSize: number,
  { each, blocks }: { each: number; blocks: number },
  onEnd: () => void,
): Promise<void> {
  const options: FitOptions = {
    loss,
    optimizer: adam({ learningRate: 1e-3 }),
    epochs: blocks,
    batchSize,
    seed: 1,
    onProgress: (event) => {
      if (event.kind === 'epoch') onEnd();
    },
  };
  await fit(model, samplesOf(examples, each * batchSize), options);
}

async function train(request: TrainRequest): Promise<TrainAnswer> {
  const at = await buildFor(request);
  const { blocks, each } = blocksFor(request, at.stepMs);
  // The first epoch lays the plan out: it is not timed.
  let clock: ReturnType<typeof createClock> | undefined;
  await trainBlocks(at, request.batch, { each, blocks: blocks + 1 }, () => {
    if (clock) clock.lap();
    else clock = createClock(each);
  });
  return clock!.answer();
}

async function infer(request: InferRequest) {
  const { model, examples } = await buildFor(request);
  const size = examples.x.length / examples.count;
  const window = { data: examples.x.slice(0, size), shape: [1, ...examples.xShape] };
  return timeCalls(() => predict(model, window), request.calls);
}

/** The contest's jobs in worker threads. */
async function contest({ jobs, x, y, epochs, workers }: ContestRequest) {
  const [sharedX, sharedY] = [readShared(x), readShared(y)];
  const module = new URL('../contest/job.js', import.meta.url);
  const executor = createWorkerExecutor<TrainingInput, number>({ module, workers });
  try {
    const outcomes = await executor.run(
      jobs.map((point, i) => ({ id: `job-${i}`, input: { point, x: sharedX, y: sharedY, epochs } })),
    );
    const losses = outcomes.map((outcome) => {
      if (outcome.status === 'failed') throw new Error(outcome.error.message);
      return outcome.value;
    });
    return { losses };
  } finally {
    await executor.close();
  }
}

async function digits({ measure: _, folder, ...settings }: DigitsRequest): Promise<DigitsAnswer> {
  const { train, test } = readDigitFiles(folder);
  const cpuStarted = process.cpuUsage();
  const started = performance.now();
  const result = await trainMnist(train, test, settings);
  const { user, system } = process.cpuUsage(cpuStarted);
  return { ...result, busy: (user + system) / 1000 / (performance.now() - started) };
}

/** A file of float32 in memory that threads share. */
function readShared(path: string): Float32Array {
  const bytes = readFileSync(path);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return new Float32Array(shared.buffer);
}

function gemm(request: GemmRequest) {
  const current = currentKernels();
  if (!current) throw new Error('the kernels do not run: this engine has no WASM SIMD');
  return measureGemm(current, request);
}

await serve(
  {
    ready: 'tidecast',
    version: `Node ${process.versions.node}, ${backend.kernels ?? 'no'} kernels`,
  },
  async (request: Request) => {
    if (request.measure === 'train') return train(request);
    if (request.measure === 'infer') return infer(request);
    if (request.measure === 'gemm') return gemm(request);
    if (request.measure === 'contest') return contest(request);
    if (request.measure === 'digits') return digits(request);
    throw new Error(`cannot measure '${request.measure}'`);
  },
);
