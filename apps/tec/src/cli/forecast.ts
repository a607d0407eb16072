// `tidecast-tec forecast`: the whole way from files to a report.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Context, wholeNumber, words, writeFiles } from '@tidecast/program';
import { progressBar } from '@tidecast/train/node';
import type { Command } from 'commander';
import { type ForecastOptions, MODELS } from '../forecast/options.ts';
import type { ForecastRun } from '../forecast/result.ts';
import { runForecast } from '../forecast/run-forecast.ts';
import { parseStations, type Station } from '../input/stations.ts';
import { outputFiles } from '../output/output-files.ts';
import { duration } from './parse.ts';

type Flags = Omit<ForecastOptions, 'stations'> & { stations?: string; out: string };

/** Adds the command to the program. */
export function registerForecast(program: Command, context: Context): void {
  program
    .command('forecast')
    .summary('train, score and forecast the next 24 hours, with a report')
    .description(
      'Reads global ionosphere maps and Kp, trains networks on the earlier days, scores them beside baselines on the\n' +
        'last ones, forecasts from the last map on, and writes forecast.json, forecast.csv, report.html and the\n' +
        'trained networks. Without --gim or --csv it works on a synthetic sample that it makes itself.',
    )
    .option('--gim <paths...>', 'IONEX files or folders of them (plain, .gz or .Z)')
    .option('--csv <file...>', 'CSV file with a column `time` and one TEC column [TECU] for each station')
    .option('--index <file>', 'Kp: GFZ, WDC, CelesTrak or OMNI2 file, or GFZ JSON (also .gz)')
    .option('--stations <list>', 'JSON file, or "name,lat,lon;name,lat,lon" (default: 18 points)')
    .option('--models <list>', 'networks to train, with commas between', words(MODELS), [...MODELS])
    .option('--steps <n>', 'samples a network sees', wholeNumber(2, 1000), 12)
    .option('--horizon <n>', 'samples it forecasts', wholeNumber(1, 1000), 12)
    .option('--step <time>', 'time between samples, such as 2h (default: 2h)', duration)
    .option('--epochs <n>', 'at most so many passes over the training windows', wholeNumber(1, 100_000), 20)
    .option(
      '--units <n>',
      'units of the recurrent layer, filters of the convolution',
      wholeNumber(1, 1024),
      24,
    )
    .option(
      '--test-days <n>',
      'days at the end kept for scoring (default: a fifth, at most 14)',
      wholeNumber(1, 3660),
    )
    .option('--sample-days <n>', 'days of the synthetic sample', wholeNumber(8, 3660), 75)
    .option('--seed <n>', 'the same seed gives the same run', wholeNumber(-2147483648, 2147483647), 1)
    .option('--backend <name>', 'auto, wasm or native', 'wasm')
    .option('--checkpoints <folder>', 'keep checkpoints here; the same command goes on where it was stopped')
    .option('--out <folder>', 'folder to write to', 'tidecast-out')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  tidecast-tec forecast\n' +
        '  tidecast-tec forecast --gim gim/ --index Kp_ap_since_1932.txt --models lstm,gru --out tomorrow\n' +
        '  tidecast-tec forecast --gim gim/ --stations "Tromso,69.7,18.9;Nairobi,-1.3,36.8"',
    )
    .action(async ({ out, stations, ...flags }: Flags) => {
      if (!flags.gim && !flags.csv) {
        context.stderr.write(
          'No --gim or --csv: working on a SYNTHETIC sample. Nothing in it was observed.\n',
        );
      }
      const chosen = stations === undefined ? undefined : await readStations(stations);
      const outcome = await runForecast({ ...flags, stations: chosen }, progress(context));
      context.stderr.write('writing the report …\n');
      const paths = await writeFiles(out, await outputFiles(outcome), context.signal);
      context.stdout.write(screenTable(outcome.run));
      context.stdout.write(
        `\nReport: ${paths.find((path) => path.endsWith('.html')) ?? join(out, 'report.html')}\n`,
      );
    });
}

async function readStations(text: string): Promise<Station[]> {
  if (!/\.(json|csv|txt)$/i.test(text)) return parseStations(text);
  const content = await readFile(text, 'utf8').catch(() => {
    throw new Error(`stations: cannot read the file '${text}'. Check the path.`);
  });
  return parseStations(content);
}

function progress(context: Context) {
  const bars = new Map<string, ReturnType<typeof progressBar>>();
  return {
    signal: context.signal,
    onStage: (text: string) => context.stderr.write(`${text} …\n`),
    onProgress: ({ what, done, total }: { what: string; done: number; total: number }) => {
      if (context.stderr.isTTY)
        context.stderr.write(`\r${what} ${done}/${total}${done === total ? '\n' : ''}`);
    },
    onTraining: (model: string, event: Parameters<ReturnType<typeof progressBar>>[0]) => {
      if (!bars.has(model)) bars.set(model, progressBar(context.stderr, { label: model }));
      bars.get(model)!(event);
    },
  };
}

/** RMSE and skill of every method, for the screen. */
function screenTable({ methods, scores, dayKinds, facts, stations }: ForecastRun): string {
  const cells = (values: string[]) =>
    `${values.map((value, i) => (i === 0 ? value.padEnd(18) : value.padStart(12))).join('')}\n`;
  const number = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? '–' : value.toFixed(2);
  const [all] = scores.all;
  let text = facts.synthetic ? '\nSYNTHETIC sample: made up, not observed.\n' : '\n';
  text += `RMSE [TECU] on the test days, ${stations.length} stations, ${all?.count ?? 0} values; skill over persistence\n\n`;
  text += cells([
    'method',
    'all',
    `quiet (${dayKinds.quiet.length})`,
    `storm (${dayKinds.disturbed.length})`,
    'skill',
  ]);
  for (const [m, { label }] of methods.entries()) {
    text += cells([
      label,
      number(scores.all[m]?.rmse),
      number(scores.quiet[m]?.rmse),
      number(scores.disturbed[m]?.rmse),
      number(scores.all[m]?.skill),
    ]);
  }
  return text;
}
