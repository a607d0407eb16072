// `npm run mnist`: trains a network on the MNIST digits and counts the test digits it names rightly.
// The result on stdout, everything else on stderr; wrong arguments end with status 2.

import { type BackendName, useBackend } from '@tidecast/backend';
import { type Samples, subset } from '@tidecast/data';
import type { ProgressEvent } from '@tidecast/train';
import { readMnistFolder } from '@tidecast/vision/node';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { besidePeers } from './mnist-beside.ts';
import { digitSamples } from './mnist-data.ts';
import {
  MNIST_MODELS,
  type MnistModel,
  type MnistResult,
  type MnistSettings,
  trainMnist,
} from './mnist-training.ts';
import { wholeNumber } from './options.ts';
import type { PeerName } from './peers.ts';
import { median } from './statistics.ts';

interface Flags {
  data: string;
  model: MnistModel;
  epochs: number;
  seed: number;
  batch: number;
  learningRate: number;
  dropout: number;
  backend: BackendName;
  validate?: boolean;
  beside?: PeerName[];
  rounds: number;
  json?: boolean;
}

/** Training digits that are scored in place of the test digits by `--validate`. */
const VALIDATION = 5000;

const program = new Command('npm run mnist --')
  .description('Trains a network on the MNIST digits and counts the test digits that it names rightly.')
  .requiredOption('--data <folder>', 'folder of the four MNIST files, or the one that holds it as mnist/')
  .addOption(new Option('--model <name>', 'network').choices(MNIST_MODELS).default('cnn'))
  .option('--epochs <n>', 'how often to go through the training digits', wholeNumber(1, 1000), 5)
  .option('--seed <n>', 'decides first weights, order and dropout', wholeNumber(0, 2 ** 31), 1)
  .option('--batch <n>', 'digits in a batch', wholeNumber(1, 4096), 64)
  .option('--learning-rate <n>', 'of Adam, at its highest', between(0, 1), 0.003)
  .option('--dropout <n>', 'share of the hidden units left out while training', between(0, 1), 0.3)
  .addOption(new Option('--backend <name>', 'where tensors live').choices(['wasm', 'native']).default('wasm'))
  .option('--validate', `learn from all but the last ${VALIDATION} training digits and score those`)
  .addOption(
    new Option(
      '--beside <names...>',
      'train by turns with these, each in a process of its own on one core',
    ).choices(['tidecast-node24', 'pytorch']),
  )
  .option('--rounds <n>', 'trainings of each, with --beside: from --seed on', wholeNumber(1, 100), 3)
  .option('--json', 'print one line of JSON only')
  .allowExcessArguments(false)
  .exitOverride();

try {
  program.parse();
  await run(program.opts<Flags>());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    say((error as Error).message);
    process.exitCode = 1;
  }
}

async function run({
  data,
  batch: batchSize,
  rounds,
  beside,
  validate,
  json,
  ...flags
}: Flags): Promise<void> {
  const digits = await readMnistFolder(data);
  const [train, test] = [digitSamples(digits.train), digitSamples(digits.test)];
  const samples = validate ? withoutTest(train) : { train, test };
  const settings: MnistSettings = { ...flags, batchSize };
  if (beside) {
    if (flags.backend !== 'wasm') throw new Error('--beside times Tidecast on WASM. Leave --backend out.');
    const report = await besidePeers(samples, settings, { peers: beside, rounds, say });
    process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${report.table}\n`);
    return;
  }
  const { name: backend } = await useBackend(flags.backend);
  const result = await trainMnist(samples.train, samples.test, { ...settings, onProgress: tell });
  if (json) process.stdout.write(`${JSON.stringify(asJson(result))}\n`);
  else process.stdout.write(asTable(result, `${flags.model}, ${backend}`, validate ? 'validation' : 'test'));
}

/** The last training digits in the place of the test digits, and learning from the others. */
function withoutTest(digits: Samples): { train: Samples; test: Samples } {
  const cut = digits.count - VALIDATION;
  if (cut < 1) throw new Error(`expected more than ${VALIDATION} training digits, got ${digits.count}.`);
  const all = Uint32Array.from({ length: digits.count }, (_, i) => i);
  return { train: subset(digits, all.subarray(0, cut)), test: subset(digits, all.subarray(cut)) };
}

/** The line of `--json`; `seconds` is the time of the training, without reading and scoring. */
function asJson({ accuracy, epochSeconds }: MnistResult) {
  const seconds = epochSeconds.reduce((sum, each) => sum + each, 0);
  return { accuracy, seconds: Number(seconds.toFixed(2)), epochs: epochSeconds.length };
}

function asTable(result: MnistResult, network: string, part: string): string {
  const { accuracy, seconds, epochs } = asJson(result);
  return [
    ['network', network],
    [`${part} accuracy`, `${(100 * accuracy).toFixed(2)} %`],
    ['training', `${seconds.toFixed(1)} s, ${epochs} epochs`],
    ['one epoch (median)', `${median(result.epochSeconds).toFixed(1)} s`],
  ]
    .map(([name, value]) => `${name!.padEnd(20)} ${value}\n`)
    .join('');
}

function say(message: string): void {
  process.stderr.write(`mnist: ${message}\n`);
}

function tell(event: ProgressEvent): void {
  if (event.kind === 'start') say(`${event.parameters} weights, ${event.path} steps`);
  if (event.kind === 'epoch') say(`epoch ${event.epoch} of ${event.epochs}: loss ${event.loss.toFixed(4)}`);
}

function between(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= low && value < high) return value;
    throw new InvalidArgumentError(`It must be a number from ${low} to below ${high}.`);
  };
}
