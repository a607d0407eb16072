// `tidecast-tec sample`: writes a synthetic sample to a folder.

import { type Context, wholeNumber } from '@tidecast/program';
import type { Command } from 'commander';
import { writeSample } from '../sample/write-sample.ts';
import { date } from './parse.ts';

/** Adds the command to the program. */
export function registerSample(program: Command, context: Context): void {
  program
    .command('sample')
    .summary('make synthetic GIM files and a Kp file')
    .description(
      'Makes up days of global TEC maps as IONEX files (13 TEC and 13 RMS maps a day, every 2 h, gzip) and a Kp\n' +
        'file in the GFZ text layout, from a seeded generator: the NTCM climatology (Jakowski, Hoque and Mayer\n' +
        '2011) with weather, a solar rotation and Kp-driven storms. The files say that they are synthetic.',
    )
    .option('--days <n>', 'number of days', wholeNumber(1, 3660), 60)
    .option('--seed <n>', 'the same seed gives the same files', wholeNumber(-2147483648, 2147483647), 1)
    .option('--start <date>', 'first day, far off by default so that nobody takes it for real', date)
    .option('--out <folder>', 'folder to write to', 'tidecast-sample')
    .addHelpText(
      'after',
      '\nExample:\n' +
        '  tidecast-tec sample --days 90 --seed 7 --out sample\n' +
        '  tidecast-tec forecast --gim sample --index sample/kp_synthetic.txt',
    )
    .action(async (options: { days: number; seed: number; start?: number; out: string }) => {
      const { out, ...rest } = options;
      const written = await writeSample(out, { ...rest, signal: context.signal });
      context.stdout.write(
        `Synthetic sample (made up, not observed): ${written.gim.length} IONEX files of maps and ` +
          `${written.index} in ${out}\n`,
      );
    });
}
