// `tidecast-tec study`: the accuracy table on real hourly VTEC.

import { useBackend } from '@tidecast/backend';
import { type Context, wholeNumber, words } from '@tidecast/program';
import type { Command } from 'commander';
import { MODELS, type ModelName } from '../forecast/options.ts';
import { readVtecFolder } from '../study/read-vtec.ts';
import { runStudy, type StudyRow } from '../study/study.ts';

interface StudyFlags {
  vtec: string;
  models: ModelName[];
  seeds: number;
  epochs: number;
  backend: 'auto' | 'wasm' | 'native';
  json?: boolean;
}

/** Adds the command to the program. */
export function registerStudy(program: Command, context: Context): void {
  program
    .command('study')
    .summary('reproduce the accuracy table on years of hourly VTEC')
    .description(
      'Trains on all years but the last and scores the last one at daily origins, issued at 00 UT: persistence,\n' +
        '27-day mean of the hour, ridge regression, and each network with several seeds (mean ± standard deviation).\n' +
        'RMSE [TECU] pooled over days and hours, over all days and over storm days (maximum Kp of the day 5 or more);\n' +
        'share of observations in the 90 % band, its mean width and the CRPS [TECU]. Bands adapt day by day.',
    )
    .requiredOption(
      '--vtec <folder>',
      'folder of `;`-separated CSV files (or .csv.gz): Year, DOY, Hour, Kp, F10.7, VTEC_…',
    )
    .option('--models <list>', 'networks to train', words(MODELS), [...MODELS])
    .option('--seeds <n>', 'seeds for each network', wholeNumber(1, 100), 5)
    .option('--epochs <n>', 'at most so many passes over the training windows', wholeNumber(1, 1000), 15)
    .option('--backend <name>', 'auto, wasm or native', 'wasm')
    .option('--json', 'print the rows as JSON and nothing else on stdout')
    .action(async (flags: StudyFlags) => {
      const data = await readVtecFolder(flags.vtec);
      const { name } = await useBackend(flags.backend);
      const started = Date.now();
      const rows = await runStudy(data, {
        ...flags,
        signal: context.signal,
        onProgress: (message) => context.stderr.write(`study (${name}): ${message}\n`),
      });
      context.stderr.write(`study (${name}): done in ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
      context.stdout.write(flags.json ? `${JSON.stringify({ rows })}\n` : formatRows(rows));
    });
}

/** The rows as a table for the screen. */
function formatRows(rows: readonly StudyRow[]): string {
  const number = (value: number, sd: number) => value.toFixed(2) + (sd > 0 ? ` ± ${sd.toFixed(2)}` : '');
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const line = (...cells: string[]) =>
    `${cells
      .map((cell) => cell.padEnd(14))
      .join('')
      .trimEnd()}\n`;
  return (
    line('latitude', 'model', 'all days', 'storm days', '90 % band', 'storm days', 'width', 'CRPS') +
    rows
      .map((row) =>
        line(
          row.latitude,
          row.model,
          number(row.all, row.sdAll),
          number(row.storm, row.sdStorm),
          percent(row.coverage90),
          percent(row.coverage90Storm),
          number(row.width90, 0),
          number(row.crps, 0),
        ),
      )
      .join('')
  );
}
