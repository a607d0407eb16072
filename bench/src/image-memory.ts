// `node bench/dist/image-memory.js`, after `npm run build`: how much memory training on a folder of pictures takes, beside
// the same pictures whole in memory. Every run is a process of its own, which tells the most memory it had. Results on
// stdout; wrong arguments end with status 2.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { useBackend } from '@tidecast/backend';
import type { SampleSource } from '@tidecast/data';
import { cnn2d, createModel, dense, flatten, network } from '@tidecast/models';
import { adam, crossEntropy, fit } from '@tidecast/train';
import { encodePng, imageAt, imageSamples, type LabelledImages } from '@tidecast/vision';
import { readImage, readImageFolder, readMnistFolder } from '@tidecast/vision/node';
import { Command, CommanderError } from 'commander';
import { wholeNumber } from './options.ts';

/** What one process tells. */
interface Outcome {
  seconds: number;
  /** Most memory of the process, and what it had before the first batch [MiB]. */
  peak: number;
  before: number;
}

const MIB = 2 ** 20;
const input = [28, 28, 1] as const;

const program = new Command('image-memory')
  .description(
    'Trains a small network for one epoch on the MNIST digits as PNG files, and tells the peak memory.',
  )
  .exitOverride();
program
  .command('compare', { isDefault: true })
  .requiredOption('--data <folder>', 'folder of the four MNIST files, or the one that holds it as mnist/')
  .option('--counts <n...>', 'numbers of pictures (default: 6000 60000)', (text, all: number[] = []) => [
    ...all,
    wholeNumber(10, 60_000)(text),
  ])
  .action(async ({ data, counts }: { data: string; counts?: number[] }) => {
    await compare(data, counts ?? [6000, 60_000]);
  });
program
  .command('folder <folder>', { hidden: true })
  .action(async (folder: string) => tell(await train(await folderSamples(folder))));
program
  .command('memory <data> <count>', { hidden: true })
  .action(async (data: string, count: string) => tell(await train(await memorySamples(data, Number(count)))));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`image-memory: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

async function compare(data: string, counts: readonly number[]): Promise<void> {
  const { train: digits } = await readMnistFolder(data);
  const self = fileURLToPath(import.meta.url);
  const run = async (...args: string[]): Promise<Outcome> => {
    const { stdout } = await promisify(execFile)(process.execPath, [self, ...args]);
    return JSON.parse(stdout) as Outcome;
  };
  line('pictures', 'as numbers', 'from', 'before', 'peak', 'time', 'rate');
  for (const count of counts) {
    const folder = await mkdtemp(join(tmpdir(), 'tidecast-pictures-'));
    try {
      await writePictures(digits, count, folder);
      const size = (count * 28 * 28 * Float32Array.BYTES_PER_ELEMENT) / MIB;
      const rows = {
        folder: await run('folder', folder),
        memory: await run('memory', data, String(count)),
      };
      for (const [name, { seconds, peak, before }] of Object.entries(rows)) {
        line(
          String(count),
          `${size.toFixed(0)} MiB`,
          name,
          `${before.toFixed(0)} MiB`,
          `${peak.toFixed(0)} MiB`,
          `${seconds.toFixed(1)} s`,
          `${(count / seconds).toFixed(0)} /s`,
        );
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

async function writePictures(digits: LabelledImages, count: number, folder: string): Promise<void> {
  for (const name of digits.classes) await mkdir(join(folder, name));
  for (let i = 0; i < count; i++) {
    await writeFile(join(folder, String(digits.labels[i]), `${i}.png`), encodePng(imageAt(digits, i)));
  }
}

async function folderSamples(folder: string): Promise<SampleSource> {
  return imageSamples(await readImageFolder(folder), { input, decode: readImage });
}

async function memorySamples(data: string, count: number): Promise<SampleSource> {
  const { train: digits } = await readMnistFolder(data);
  const part = { data: digits.data.subarray(0, count * 28 * 28), labels: digits.labels.subarray(0, count) };
  return imageSamples({ ...digits, ...part, count }, { input });
}

async function train(samples: SampleSource): Promise<Outcome> {
  await useBackend('wasm');
  const layers = [
    cnn2d({ filters: 8, kernelSize: [3, 3], stride: [2, 2], activation: 'relu' }),
    cnn2d({ filters: 16, kernelSize: [3, 3], stride: [2, 2], activation: 'relu' }),
    flatten(),
    dense({ units: 10 }),
  ];
  const model = createModel(network({ input: [...input], layers }), { seed: 1 });
  const before = process.memoryUsage().rss / MIB;
  const start = performance.now();
  await fit(model, samples, { loss: crossEntropy(), optimizer: adam(), epochs: 1, batchSize: 64, seed: 1 });
  const seconds = (performance.now() - start) / 1000;
  model.dispose();
  return { seconds, before, peak: process.resourceUsage().maxRSS / 1024 };
}

function tell(outcome: Outcome): void {
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}

function line(...cells: string[]): void {
  process.stdout.write(`${cells.map((cell) => cell.padStart(11)).join('')}\n`);
}
