// All results of a run as one Markdown text: the part of bench/README.md between its markers.

import type { ContestResult } from './contest/contest.ts';
import type { GemmRate, Latency, Memory } from './extras.ts';
import type { Machine } from './machine.ts';
import type { PointFailure, PointResult } from './measure.ts';
import { IMAGE_POINT } from './points.ts';
import type { BundleSize, InstallSize } from './sizes.ts';
import { digits } from './statistics.ts';
import { cellsOf, markdown, ratioTable, timeTable } from './tables.ts';

/** Everything a run has found out. */
export interface Results {
  machine: Machine;
  /** Peers and measurements that are missing, and why. */
  absent: Record<string, string>;
  points: PointResult[];
  failures: PointFailure[];
  /** Points at which no round was undisturbed: `tidecast at lstm 50/32`. */
  disturbed: string[];
  growth: PointResult[];
  extras: (Latency | Memory | GemmRate | InstallSize | BundleSize | ContestResult)[];
}

const START = '<!-- results:start -->';
const END = '<!-- results:end -->';

/** `readme` with `text` between its markers. Undefined where it has none. */
export function insertResults(readme: string, text: string): string | undefined {
  const from = readme.indexOf(START);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) return undefined;
  return `${readme.slice(0, from + START.length)}\n\n${text}\n\n${readme.slice(to)}`;
}

/** The results as Markdown. */
export function reportText(results: Results): string {
  return [
    machineText(results),
    ...ratioTexts(results),
    imageText(results),
    gemmText(results),
    results.growth.length > 0
      ? '### How the time of a step grows\n\nTidecast on this Node; both axes logarithmic.\n\n![Time of a training step against time steps, units and batch](growth.svg)'
      : '',
    contestText(results),
    latencyText(results),
    memoryText(results),
    sizeText(results),
    timesText(results),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function machineText({ machine, absent, disturbed, failures }: Results): string {
  const { cpu, cores, memoryGb, platform, date, core, peers } = machine;
  const lines = [
    `${date}: ${cpu}, ${cores} cores, ${memoryGb} GB, ${platform}; ` +
      (core === null ? 'peers not pinned (no taskset).' : 'all peers pinned to one core.'),
    '',
    ...Object.entries(peers).map(([name, version]) => `- ${name}: ${version}`),
    ...Object.entries(absent).map(([name, reason]) => `- absent: ${name} – ${reason}`),
    ...failureLines(failures),
  ];
  if (disturbed.length > 0) {
    lines.push(
      `- disturbed by other processes in every round, so that processor time stands for the time: ${disturbed.length} of the points`,
    );
  }
  return lines.join('\n');
}

/** One line for each peer and reason, with the cells it holds for. */
function failureLines(failures: readonly PointFailure[]): string[] {
  const cells = new Map<string, Set<string>>();
  for (const { peer, cell, error } of failures) {
    const key = JSON.stringify([peer, error]);
    cells.set(key, (cells.get(key) ?? new Set()).add(cell));
  }
  return [...cells].map(([key, where]) => {
    const [peer, error] = JSON.parse(key);
    return `- absent: ${peer} at ${[...where].join(', ')} – ${error}`;
  });
}

function ratioTexts({ points }: Results): string[] {
  const bases = ['tidecast', 'tidecast-node24'].filter((base) => points.some(({ peer }) => peer === base));
  const text = bases.map((base) => ratioTable(points, base)).filter((table) => table.split('\n').length > 2);
  if (text.length === 0 || new Set(points.map(({ peer }) => peer)).size < 2) return [];
  return [
    '### How many times faster a training step is\n\nGeometric mean over the points, and the lowest of them (units/batch).',
    ...text,
  ];
}

function imageText({ points }: Results): string {
  if (!points.some(({ cell }) => cell === IMAGE_POINT.cell)) return '';
  return `### The MNIST-size CNN: one training step [ms]\n\n${timeTable(points, IMAGE_POINT.cell)}`;
}

function timesText({ points }: Results): string {
  return cellsOf(points)
    .filter((cell) => cell !== IMAGE_POINT.cell)
    .map(
      (cell) =>
        `<details><summary>${cell}: one training step [ms]</summary>\n\n${timeTable(points, cell)}\n\n</details>`,
    )
    .join('\n\n');
}

function only<K extends Results['extras'][number]['measure']>({ extras }: Results, measure: K) {
  return extras.filter((each): each is Extract<typeof each, { measure: K }> => each.measure === measure);
}

function gemmText(results: Results): string {
  const rows = only(results, 'gemm').map(({ peer, gflops, lstmGflops }) => [
    peer,
    digits(gflops),
    lstmGflops === undefined ? '–' : digits(lstmGflops),
    lstmGflops === undefined ? '–' : `${Math.round((100 * lstmGflops) / gflops)} %`,
  ]);
  if (rows.length === 0) return '';
  const head = ['', 'matrix product', 'LSTM 100/128, whole step', 'share'];
  return `### The matrix product, and how much of it a step keeps [GFLOP/s]\n\n${markdown(head, rows)}`;
}

function contestText(results: Results): string {
  const rows = only(results, 'contest');
  if (rows.length === 0) return '';
  const { jobs, windows, epochs } = rows[0]!;
  const base = rows.find(({ peer }) => peer === 'pytorch');
  return (
    `### The whole course grid on two cores\n\n${jobs} trainings, ${windows} windows, ${epochs} epochs each, two at a time, not pinned.\n\n` +
    markdown(
      ['', 'wall time [s]', 'mean last loss', 'times faster than PyTorch'],
      rows.map(({ peer, seconds, loss }) => [
        peer,
        digits(seconds),
        digits(loss),
        base ? `${digits(base.seconds / seconds)}×` : '–',
      ]),
    )
  );
}

function latencyText(results: Results): string {
  const rows = only(results, 'latency');
  if (rows.length === 0) return '';
  const cells = [...new Set(rows.map(({ cell }) => cell))];
  const peers = [...new Set(rows.map(({ peer }) => peer))];
  const cellOf = (peer: string, cell: string) => {
    const found = rows.find((each) => each.peer === peer && each.cell === cell);
    return found ? `${digits(found.p50)} / ${digits(found.p99)}` : '–';
  };
  const table = markdown(
    [`${rows[0]!.units} units`, ...cells],
    peers.map((peer) => [peer, ...cells.map((cell) => cellOf(peer, cell))]),
  );
  return `### Forecast of one window: median / 99th percentile [ms]\n\n${table}`;
}

function memoryText(results: Results): string {
  const rows = only(results, 'memory');
  if (rows.length === 0) return '';
  const table = markdown(
    ['', 'MB'],
    rows.map(({ peer, rss }) => [peer, String(Math.round(rss / 1e6))]),
  );
  return `### Peak memory of a process that trains LSTM 100/128\n\n${table}`;
}

function sizeText(results: Results): string {
  const installs = only(results, 'install');
  if (installs.length === 0) return '';
  const bundles = new Map(only(results, 'bundle').map((each) => [each.peer, each]));
  const megabytes = (bytes: number) => digits(bytes / 1e6);
  const table = markdown(
    ['', 'installed [MB]', 'in a web page [MB]', 'gzipped [MB]'],
    installs.map(({ peer, bytes }) => {
      const bundle = bundles.get(peer);
      return [
        peer,
        megabytes(bytes),
        bundle ? megabytes(bundle.bytes) : '–',
        bundle ? megabytes(bundle.gzip) : '–',
      ];
    }),
  );
  return `### Size, with everything it needs\n\n${table}`;
}
