// The command line of `npm run bench`, as data. What is wrong with it is said in one sentence, with status 2.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { PEERS, type PeerName } from './peers.ts';
import {
  CELLS,
  type Cell,
  GRID_BATCHES,
  GRID_CELLS,
  GRID_UNITS,
  gridPoints,
  IMAGE_POINT,
  type Point,
} from './points.ts';

/** What to measure, and where to put it. */
export interface BenchOptions {
  peers: PeerName[];
  /** True where peers were named: then one that is absent is a failure. */
  peersNamed: boolean;
  points: Point[];
  /** All there is: grid, images, growth, latency, memory, sizes, contest; written to the README. */
  full: boolean;
  /** The course grid, two processes a side, alone. */
  contest: boolean;
  rounds: number;
  /** About how long each peer measures a point in one round. */
  seconds: number;
  /** Print JSON lines only. */
  json: boolean;
  /** Folder for results.jsonl, growth.svg and README.md; undefined: print only. */
  out?: string;
}

/** Asks for help, or is wrong: `message` is what to print, `status` how to end. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly status: number;
  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

interface Flags {
  peer?: PeerName[];
  cell?: Cell[];
  units?: number[];
  batch?: number[];
  length?: number;
  rounds?: number;
  seconds?: number;
  json?: boolean;
  quick?: boolean;
  contest?: boolean;
  out?: string;
}

/** Reads the arguments after `npm run bench --`. @throws UsageError */
export function parseOptions(argv: readonly string[]): BenchOptions {
  let printed = '';
  const program = new Command('npm run bench --')
    .description('Times one training step beside other libraries, interleaved, one thread each, on one core.')
    .addOption(list('--peer <names>', 'peers, repeated or with commas between', oneOf(PEERS)))
    .addOption(list('--cell <names>', 'networks', oneOf(CELLS)))
    .addOption(list('--units <numbers>', 'units or filters', wholeNumber(1, 1024)))
    .addOption(list('--batch <numbers>', 'windows in a batch', wholeNumber(1, 4096)))
    .option('--length <n>', 'time steps of a window (default: 24)', wholeNumber(1, 2000))
    .option('--rounds <n>', 'how often each peer measures each point (default: 3)', wholeNumber(1, 100))
    .option('--seconds <s>', 'about how long it measures each time (default: 0.3)', seconds)
    .option('--quick', 'eight points, two short rounds')
    .option('--contest', 'the course grid as a whole, two processes a side')
    .option('--json', 'print JSON lines only')
    .option('--out <folder>', 'where to write results.jsonl, growth.svg and README.md')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        printed += text;
      },
      writeErr: (text) => {
        printed += text;
      },
    });
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new UsageError(printed, error.exitCode === 0 ? 0 : 2);
  }
  return optionsOf(program.opts<Flags>());
}

function optionsOf(flags: Flags): BenchOptions {
  const { quick = false, contest = false, json = false } = flags;
  const chosen = flags.cell ?? flags.units ?? flags.batch ?? flags.length;
  const full = chosen === undefined && !quick && !contest && flags.peer === undefined;
  const grid = gridPoints({
    cells: flags.cell ?? GRID_CELLS,
    units: flags.units ?? (quick ? [10, 100] : GRID_UNITS),
    batches:
      flags.batch ??
      (flags.cell?.every((cell) => cell === 'cnn2d') ? [IMAGE_POINT.batch] : quick ? [32] : GRID_BATCHES),
    T: flags.length,
  });
  return {
    peers: flags.peer ?? [...PEERS],
    peersNamed: flags.peer !== undefined,
    points: contest ? [] : chosen === undefined && !quick ? [...grid, IMAGE_POINT] : grid,
    full,
    contest: contest || full,
    rounds: flags.rounds ?? (quick ? 2 : 3),
    seconds: flags.seconds ?? (quick ? 0.1 : 0.3),
    json,
    out: flags.out,
  };
}

/** An option that may be repeated and may hold several values with commas between. */
function list<T>(flags: string, description: string, parse: (text: string) => T): Option {
  return new Option(flags, description).argParser<T[]>((text, before = []) => [
    ...before,
    ...text.split(',').map((part) => parse(part.trim())),
  ]);
}

function oneOf<T extends string>(allowed: readonly T[]): (text: string) => T {
  return (text) => {
    if (!allowed.includes(text as T)) throw new InvalidArgumentError(`Choose from ${allowed.join(', ')}.`);
    return text as T;
  };
}

/** A parser of a whole number within bounds, for commander. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high) {
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 60)) {
    throw new InvalidArgumentError('It must be a number of seconds, above 0 and up to 60.');
  }
  return value;
}
