// `tidecast-vision train`: the whole way from a folder of pictures to a classifier and its report.

import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useBackend } from '@tidecast/backend';
import { type Context, checkFolder, wholeNumber, words, writeFiles } from '@tidecast/program';
import { fileCheckpoint, progressBar } from '@tidecast/train/node';
import type { ImageList } from '@tidecast/vision';
import { readImage } from '@tidecast/vision/node';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { outputFiles } from '../output-files.ts';
import {
  AUGMENTATIONS,
  type AugmentationName,
  BALANCES,
  DEFAULTS,
  NETWORKS,
  type TrainingOptions,
} from '../training/options.ts';
import { trainClassifier } from '../training/train-classifier.ts';
import type { TrainingRun } from '../training/training-run.ts';
import { readList } from './read-list.ts';
import { isSample } from './sample.ts';

interface Flags extends Omit<TrainingOptions, 'pretrained' | 'augmentation'> {
  augment: AugmentationName[];
  pretrained?: string;
  checkpoints?: string;
  backend: 'auto' | 'wasm' | 'native';
  out: string;
}

/** Adds the command to the program. */
export function registerTrain(program: Command, context: Context): void {
  program
    .command('train')
    .summary('train a classifier on a folder of pictures, with a report')
    .description(
      'Reads PNG, JPEG and WebP pictures from a folder that has one folder for each class, or from a CSV table with\n' +
        'the columns path and label (and group), trains a network, chooses its epoch and its temperature on one part of the\n' +
        'pictures, scores it on another, and writes classifier.safetensors, report.html, scores.json and predictions.csv.',
    )
    .argument('<folder>', 'folder with a folder for each class, or a CSV table')
    .addOption(new Option('--network <name>', 'network to train').choices(NETWORKS).default(DEFAULTS.network))
    .option(
      '--size <n>',
      'pixels of a side the network sees (default: that of the pictures, at most 96)',
      wholeNumber(8, 512),
    )
    .option('--epochs <n>', 'passes over the training pictures', wholeNumber(1, 100_000), DEFAULTS.epochs)
    .option('--batch-size <n>', 'pictures for each update', wholeNumber(1, 4096), DEFAULTS.batchSize)
    .option(
      '--learning-rate <x>',
      'of Adam at the start; it falls along a cosine',
      number,
      DEFAULTS.learningRate,
    )
    .option(
      '--validation <share>',
      'share of the pictures to choose epoch and temperature by',
      number,
      DEFAULTS.validation,
    )
    .option('--test <share>', 'share of the pictures to score on', number, DEFAULTS.test)
    .option(
      '--augment <list>',
      `what training does to pictures, of ${AUGMENTATIONS.join(', ')}, or none; flip only where a mirrored picture is of the same class`,
      augmentations,
      [...DEFAULTS.augmentation],
    )
    .option('--mixup <alpha>', 'mix pictures and labels, for example 0.2; 0: do not', number, DEFAULTS.mixup)
    .addOption(new Option('--balance <how>', 'help rare classes').choices(BALANCES).default(DEFAULTS.balance))
    .option('--pretrained <file>', 'start from a trained classifier.safetensors, with a new last layer')
    .option('--freeze', 'keep the pretrained layers as they are and train the last one', DEFAULTS.freeze)
    .option(
      '--skip-bad',
      'leave out pictures that cannot be decoded, and list them in the report',
      DEFAULTS.skipBad,
    )
    .option(
      '--seed <n>',
      'the same seed gives the same run',
      wholeNumber(-2147483648, 2147483647),
      DEFAULTS.seed,
    )
    .addOption(
      new Option('--backend <name>', 'where it computes').choices(['auto', 'wasm', 'native']).default('wasm'),
    )
    .option('--checkpoints <folder>', 'keep a checkpoint here; the same command goes on where it was stopped')
    .option('--out <folder>', 'folder to write to', 'tidecast-vision-out')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  tidecast-vision train pictures\n' +
        '  tidecast-vision train pictures --network resnet --size 64 --augment crop,flip,colour --epochs 30\n' +
        '  tidecast-vision train few --pretrained tidecast-vision-out/classifier.safetensors --freeze --out few-out',
    )
    .action((folder: string, flags: Flags) => train(folder, flags, context));
}

async function train(folder: string, flags: Flags, context: Context): Promise<void> {
  const { augment, pretrained, checkpoints, backend, out, ...options } = flags;
  await checkFolder(out);
  const list = await readList(folder);
  const bytes = pretrained === undefined ? undefined : await readFile(pretrained);
  const { name } = await useBackend(backend);
  const told = { ...options, augmentation: augment, pretrained: bytes };
  const identity = { ...told, pretrained: bytes && hashOf(bytes), backend: name };
  const checkpoint = checkpoints === undefined ? undefined : await checkpointIn(checkpoints, list, identity);
  const resume = await checkpoint?.read();
  const run = await trainClassifier(list, told, {
    decode: readImage,
    signal: context.signal,
    onStage: (text) => context.stderr.write(`${text} …\n`),
    onProgress: progressBar(context.stderr, {
      label: pretrained === undefined ? flags.network : 'pretrained',
    }),
    ...(checkpoint && { checkpoint, resume }),
  }).catch((error: Error) => {
    if (!resume || context.signal.aborted) throw error;
    const from = `It went on from the checkpoint ${checkpoint?.path}; remove that to start anew.`;
    throw new Error(`${error.message} ${from}`, { cause: error });
  });
  try {
    context.stderr.write('writing the report …\n');
    const synthetic = await isSample(folder);
    const files = await outputFiles(run, { made: Date.now(), synthetic });
    const paths = await writeFiles(out, files, context.signal);
    context.stdout.write(screenTable(run, synthetic));
    context.stdout.write(`\nReport:     ${paths.find((path) => path.endsWith('.html'))}\n`);
    context.stdout.write(`Classifier: ${paths.find((path) => path.endsWith('.safetensors'))}\n`);
  } finally {
    run.classifier.model.dispose();
  }
}

/** A checkpoint of its own for these pictures and options, so that another run never goes on from it. */
async function checkpointIn(folder: string, list: ImageList, told: object) {
  await mkdir(folder, { recursive: true });
  const hash = hashOf(JSON.stringify([list, told])).slice(0, 16);
  const path = join(folder, `${hash}.checkpoint`);
  return { path, ...fileCheckpoint(path) };
}

const hashOf = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');

/** The scores, for the screen. */
function screenTable({ classifier, test, counts, wrong }: TrainingRun, synthetic: boolean): string {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const total = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0);
  const parts = `${total(counts.train)} pictures trained it, ${total(counts.validation)} chose epoch and temperature`;
  const lines = [
    ...(synthetic ? ['SYNTHETIC sample: drawn by a generator.'] : []),
    `accuracy on ${test.labels.length} test pictures  ${percent(test.accuracy)}`,
    `mean recall of ${classifier.classes.length} classes        ${percent(test.balancedAccuracy)}`,
    `calibration error              ${percent(test.calibrationError)} (${percent(test.rawCalibrationError)} before temperature)`,
    parts,
    ...wrong.slice(0, 3).map(({ path, actual, predicted, probability }) => {
      const [said, is] = [classifier.classes[predicted], classifier.classes[actual]];
      return `  ${path}: ${said} with ${percent(probability)}, but it is ${is}`;
    }),
  ];
  return `\n${lines.join('\n')}\n`;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

function augmentations(text: string): AugmentationName[] {
  return text.trim().toLowerCase() === 'none' ? [] : words(AUGMENTATIONS)(text);
}
