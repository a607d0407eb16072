// `tidecast-vision sample`: writes a folder of pictures to try with.

import { access, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Context, wholeNumber, writeFiles } from '@tidecast/program';
import { encodePng } from '@tidecast/vision';
import type { Command } from 'commander';
import { type SampleOptions, samplePictures } from '../sample/sample-pictures.ts';

/** The file that says that a folder is a sample. */
const MARK = 'SYNTHETIC.txt';

/** Adds the command to the program. */
export function registerSample(program: Command, context: Context): void {
  program
    .command('sample')
    .summary('make a folder of pictures to try with')
    .description(
      'Draws boats, buoys and birds before a coast, in good and bad light, by a seeded generator, and writes them as PNG\n' +
        'files with a folder for each class.',
    )
    .option('--per-class <n>', 'pictures of each class', wholeNumber(3, 100_000), 400)
    .option('--seed <n>', 'the same seed gives the same pictures', wholeNumber(-2147483648, 2147483647), 1)
    .option('--out <folder>', 'folder to write to', 'tidecast-pictures')
    .action(async ({ out, ...options }: SampleOptions & { out: string }) => {
      const count = await writeSample(out, options, context.signal);
      context.stdout.write(`Synthetic sample (drawn, not photographed): ${count} pictures in ${out}\n`);
    });
}

/** True for a folder that holds a sample. */
export function isSample(folder: string): Promise<boolean> {
  return access(join(folder, MARK)).then(
    () => true,
    () => false,
  );
}

/** Writes the pictures, and the mark first: nothing of a sample is ever taken for photographs. */
async function writeSample(folder: string, options: SampleOptions, signal: AbortSignal): Promise<number> {
  const there = await readdir(folder).catch((): string[] => []);
  if (there.length > 0 && !there.includes(MARK)) {
    throw new Error(
      `out: '${folder}' holds other files, which would be taken for drawn ones. Choose another folder.`,
    );
  }
  await writeFiles(folder, {
    [MARK]: `These pictures were drawn by a generator (seed ${options.seed}); none is a photograph.\n`,
  });
  let count = 0;
  for (const { path, image } of samplePictures(options)) {
    signal.throwIfAborted();
    await writeFiles(join(folder, dirname(path)), { [basename(path)]: encodePng(image) }, signal);
    count++;
  }
  return count;
}
