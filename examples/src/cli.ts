// `npm run example -- <name>`: runs examples, prints what they found, and keeps it in a folder.

import { useBackend } from '@tidecast/backend';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Claim, Example, ExampleOptions } from './example.ts';
import { examples } from './examples.ts';
import { saveResult, saveTable } from './save.ts';

interface Flags {
  seeds: number;
  quick?: boolean;
  data?: string;
  out?: string;
  backend: 'auto' | 'wasm' | 'native';
  json?: boolean;
}

const stopping = new AbortController();
process.once('SIGINT', () => stopping.abort(new Error('interrupted')));

const program = new Command('example')
  .description('Runs examples of training methods: a number and a plot for each.')
  .argument('[names...]', 'which ones, or `all`; without a name they are listed')
  .option('--seeds <n>', 'seeds 1 … n wherever something is random', seedCount, 5)
  .option('--quick', 'a short run whose figures mean nothing')
  .option('--data <folder>', 'folder of real data, for the examples that need some')
  .option('--out <folder>', 'keep numbers and plots there, with a table of all of them')
  .addOption(
    new Option('--backend <name>', 'where tensors live').choices(['auto', 'wasm', 'native']).default('wasm'),
  )
  .option('--json', 'print claims and rows as JSON, one line for each example')
  .showHelpAfterError()
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`example: ${(error as Error).message}\n`);
  process.exitCode = stopping.signal.aborted ? 130 : 1;
}

async function run(names: string[], flags: Flags): Promise<void> {
  if (names.length === 0) {
    for (const [name, { title }] of Object.entries(examples)) console.log(`${name.padEnd(28)} ${title}`);
    return;
  }
  const chosen = names.includes('all') ? Object.keys(examples) : names;
  for (const name of chosen) {
    if (!Object.hasOwn(examples, name)) {
      throw new Error(`expected one of ${Object.keys(examples).join(', ')}, got '${name}'.`);
    }
  }
  const { name: backend } = await useBackend(flags.backend);
  for (const name of chosen) {
    const example = examples[name]!;
    if (example.needsData && !flags.data) {
      if (names.includes('all')) process.stderr.write(`example: ${name} is left out: it needs --data.\n`);
      else throw new Error(`${name} needs real data: give its folder with --data.`);
    } else await runOne(name, example, backend, flags);
  }
}

async function runOne(name: string, example: Example, backend: string, flags: Flags): Promise<void> {
  const options: ExampleOptions = {
    seeds: flags.seeds,
    quick: flags.quick ?? false,
    data: flags.data,
    progress: (message) => process.stderr.write(`${name} (${backend}): ${message}\n`),
    signal: stopping.signal,
  };
  const started = performance.now();
  const result = await example.run(options);
  const seconds = (performance.now() - started) / 1000;
  if (flags.out) {
    await saveResult(flags.out, name, result, { seeds: flags.seeds, seconds });
    await saveTable(flags.out);
  }
  if (flags.json) console.log(JSON.stringify({ name, seconds, claims: result.claims, rows: result.rows }));
  else console.log(formatClaims(name, example, result.claims));
}

function formatClaims(name: string, { title }: Example, claims: readonly Claim[]): string {
  const lines = claims.map(
    ({ method, figure, bar, met }) => `  ${met ? 'met    ' : 'NOT met'} ${method}: ${figure} (bar: ${bar})`,
  );
  return [`${name}: ${title}`, ...lines].join('\n');
}

function seedCount(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1 && value <= 100)) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 100.');
  }
  return value;
}
