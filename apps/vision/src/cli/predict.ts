// `tidecast-vision predict`: what a trained classifier says about pictures.

import { mkdir, readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { useBackend } from '@tidecast/backend';
import { type Context, wholeNumber, writeFiles } from '@tidecast/program';
import { classify, encodePng, type ImageClassifier, ImageError, loadImageClassifier } from '@tidecast/vision';
import { listPictures, readImage } from '@tidecast/vision/node';
import { type Command, Option } from 'commander';
import { heatPicture } from '../training/explain.ts';

interface Flags {
  top: number;
  json?: boolean;
  heatMaps?: string;
  backend: 'auto' | 'wasm' | 'native';
}

/** What is said about a picture; or why nothing is. */
type Answer =
  | { path: string; classes: { name: string; probability: number }[] }
  | { path: string; error: string };

/** Adds the command to the program. */
export function registerPredict(program: Command, context: Context): void {
  program
    .command('predict')
    .summary('say what is on pictures')
    .description(
      'Loads a classifier and says the likeliest classes of each picture, with calibrated probabilities. A picture that\n' +
        'cannot be decoded gets its reason in place of classes, and the exit status is 1 in the end.',
    )
    .argument('<classifier>', 'classifier.safetensors of `tidecast-vision train`')
    .argument('<pictures...>', 'files, or folders of them')
    .option('--top <n>', 'classes to name for each picture', wholeNumber(1, 1000), 3)
    .option('--json', 'print one JSON object a line and nothing else on stdout')
    .option('--heat-maps <folder>', 'write a PNG for each picture that shows where its class was seen')
    .addOption(
      new Option('--backend <name>', 'where it computes').choices(['auto', 'wasm', 'native']).default('wasm'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  tidecast-vision predict tidecast-vision-out/classifier.safetensors new/ --json',
    )
    .action(async (file: string, pictures: string[], flags: Flags) => {
      await useBackend(flags.backend);
      const classifier = await readClassifier(file);
      try {
        const bad = await predict(classifier, await picturesAt(pictures), flags, context);
        if (bad > 0) throw new Error(`${bad} of the pictures could not be decoded; the lines above say why.`);
      } finally {
        classifier.model.dispose();
      }
    });
}

/** Answers for every picture, one after the other. Returns how many could not be decoded. */
async function predict(
  classifier: ImageClassifier,
  paths: readonly string[],
  { top, json, heatMaps }: Flags,
  context: Context,
): Promise<number> {
  if (heatMaps !== undefined) await mkdir(heatMaps, { recursive: true });
  let bad = 0;
  for (const [i, path] of paths.entries()) {
    context.signal.throwIfAborted();
    let answer: Answer;
    try {
      const image = await readImage(path);
      const { data } = await classify(classifier, [image]);
      answer = { path, classes: ranked(classifier.classes, data).slice(0, top) };
      if (heatMaps !== undefined) {
        const name = `${String(i + 1).padStart(4, '0')}-${basename(path, extname(path))}.png`;
        await writeFiles(heatMaps, { [name]: encodePng(await heatPicture(classifier, image)) });
      }
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      answer = { path, error: error.message };
      bad++;
    }
    context.stdout.write(json ? `${JSON.stringify(answer)}\n` : line(answer));
  }
  return bad;
}

function line(answer: Answer): string {
  if ('error' in answer) return `${answer.error}\n`;
  const said = answer.classes.map(({ name, probability }) => `${name} ${(100 * probability).toFixed(1)} %`);
  return `${answer.path}  ${said.join('  ')}\n`;
}

function ranked(classes: readonly string[], probabilities: Float32Array) {
  return classes
    .map((name, k) => ({ name, probability: Number(probabilities[k]!.toFixed(6)) }))
    .sort((a, b) => b.probability - a.probability);
}

async function readClassifier(path: string): Promise<ImageClassifier> {
  const bytes = await readFile(path).catch((error: Error) => {
    throw new Error(`cannot read the classifier '${path}': ${error.message}`);
  });
  try {
    return loadImageClassifier(bytes);
  } catch (error) {
    throw new Error(`'${path}' is no classifier: ${(error as Error).message}`, { cause: error });
  }
}

async function picturesAt(paths: readonly string[]): Promise<string[]> {
  const found: string[][] = [];
  for (const path of paths) {
    const about = await stat(path).catch(() => {
      throw new Error(`there is no file or folder '${path}'. Check the path.`);
    });
    if (!about.isDirectory()) found.push([path]);
    else {
      const inside = await listPictures(path);
      if (inside.length === 0)
        throw new Error(`expected .png, .jpg or .webp files in '${path}', found none.`);
      found.push(inside);
    }
  }
  return found.flat();
}
