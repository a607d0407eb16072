// `npm run mnist`: trains a network on the MNIST digits and counts the test digits it names rightly.
// The result on stdout, everything else on stderr; wrong arguments end with status 2.

import { type BackendName, useBackend } from '@tidecast/backend';
import type { ProgressEvent } from '@tidecast/train';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { digitSamples, readDigits } from './mnist-data.ts';
import { MNIST_MODELS, type MnistModel, trainMnist } from './mnist-training.ts';

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
  .option('--learning-rate <n>', 'of Adam, at its highest', between(0, 1), 0.002)
  .option('--dropout <n>', 'share of the hidden units left out while training', between(0, 1), 0.4)
  .addOption(new Option('--backend <name>', 'where tensors live').choices(['wasm', 'native']).default('wasm'))
  .option('--validate', `learn from all but the last ${VALIDATION} training digits and score those`)
  .option('--json', 'print one line of JSON only')
  .allowExcessArguments(false)
  .exitOverride();

try {
  program.parse();
  await run(program.opts<Flags>());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    process.stderr.write(`mnist: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}

async function run({ data, batch: batchSize, ...flags }: Flags): Promise<void> {
  const { name: backend } = await useBackend(flags.backend);
  const { train, test } = readDigits(data);
  const cut = train.count - (flags.validate ? VALIDATION : 0);
  if (cut < 1) throw new Error(`expected more than ${VALIDATION} training digits, got ${train.count}.`);
  const scored = flags.validate ? digitSamples(train, cut, train.count) : digitSamples(test, 0, test.count);
  const result = await trainMnist(digitSamples(train, 0, cut), scored, {
    ...{ ...flags, batchSize, onProgress: tell },
  });
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ ...result, seconds: Number(result.seconds.toFixed(2)) })}\n`);
    return;
  }
  const rows = {
    network: `${flags.model}, ${backend}`,
    [flags.validate ? 'validation accuracy' : 'test accuracy']: `${(100 * result.accuracy).toFixed(2)} %`,
    training: `${result.seconds.toFixed(1)} s, ${result.epochs} epochs of ${cut} digits`,
    'one epoch': `${(result.seconds / result.epochs).toFixed(1)} s`,
  };
  for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(20)} ${value}\n`);
}

function tell(event: ProgressEvent): void {
  const say = (message: string) => process.stderr.write(`mnist: ${message}\n`);
  if (event.kind === 'start') say(`${event.parameters} weights, ${event.path} steps`);
  if (event.kind === 'epoch') say(`epoch ${event.epoch} of ${event.epochs}: loss ${event.loss.toFixed(4)}`);
}

function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };
}

function between(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value >= low && value < high) return value;
    throw new InvalidArgumentError(`It must be a number from ${low} to below ${high}.`);
  };
}
