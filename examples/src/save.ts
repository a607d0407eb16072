// Puts what an example found into files: numbers as JSON, charts as SVG, and all claims as one table in the README.

import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chartSvg } from '@tidecast/eval/report';
import type { Claim, ExampleResult } from './example.ts';
import { examples } from './examples.ts';

/** The JSON of a result. */
interface Saved {
  title: string;
  source: string;
  command: string;
  seeds: number;
  seconds: number;
  claims: readonly Claim[];
  rows: ExampleResult['rows'];
  charts: { file: string; caption: string }[];
}

/** Writes the result of `name` into `folder`: `<name>.json` and an SVG for each chart. */
export async function saveResult(
  folder: string,
  name: string,
  { claims, rows, charts }: ExampleResult,
  run: { seeds: number; seconds: number },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const chart of charts) await writeWhole(join(folder, `${chart.name}.svg`), await drawn(chart.spec));
  const { title, source, needsData } = examples[name]!;
  const saved: Saved = {
    title,
    source,
    command: `npm run example -- ${name}${needsData ? ' --data <folder>' : ''}`,
    ...run,
    claims,
    rows,
    charts: charts.map((chart) => ({ file: `${chart.name}.svg`, caption: chart.caption })),
  };
  await writeWhole(join(folder, `${name}.json`), `${JSON.stringify(saved, null, 1)}\n`);
}

/** The chart as SVG that looks the same on a light and a dark page. */
async function drawn(spec: ExampleResult['charts'][number]['spec']): Promise<string> {
  const config = { ...(spec.config as object), background: 'white' };
  const { html } = await chartSvg({ ...spec, config });
  return html.replaceAll('currentColor', '#24292f');
}

/** Writes `README.md` of `folder` anew: the table of all claims saved there, and every chart. */
export async function saveTable(folder: string): Promise<void> {
  const files = new Set(await readdir(folder));
  const saved: Saved[] = [];
  for (const name of Object.keys(examples)) {
    if (!files.has(`${name}.json`)) continue;
    saved.push(JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8')) as Saved);
  }
  const lines = [
    '# What the examples found',
    '',
    'Made by `npm run example`; every line is the last run of its command. Random ones show the mean over their seeds.',
    '',
    '| method | command | figure | bar | met |',
    '|---|---|---|---|---|',
    ...saved.flatMap(({ command, claims }) =>
      claims.map(
        ({ method, figure, bar, met }) =>
          `| ${[method, `\`${command}\``, figure, bar].map(cell).join(' | ')} | ${met ? 'yes' : '**no**'} |`,
      ),
    ),
    '',
    ...saved.flatMap(({ title, source, command, seeds, seconds, charts }) => [
      `## ${title}`,
      '',
      `\`${command}\`, ${seeds} seeds, ${seconds.toFixed(0)} s. ${source}`,
      '',
      ...charts.flatMap(({ file, caption }) => [`![${caption}](${file})`, '', caption, '']),
    ]),
  ];
  await writeWhole(join(folder, 'README.md'), `${lines.join('\n').trimEnd()}\n`);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, text);
  await rename(temporary, path);
}
