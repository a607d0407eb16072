// Results as Markdown tables: how many times faster, by geometric mean, and the times themselves.

import type { PointResult } from './measure.ts';
import { GRID_CELLS, IMAGE_POINT } from './points.ts';
import { digits, geometricMean } from './statistics.ts';

/** How a peer's times stand to those of another one at the points that both have measured. */
export interface Comparison {
  /** Geometric mean of (its time / the other's): above 1, the other is faster. */
  mean: number;
  lowest: number;
  /** Where it is lowest: `100/128`. */
  lowestAt: string;
  points: number;
}

/** Compares two peers at one cell. Undefined where they share no point. */
export function compare(
  results: readonly PointResult[],
  { cell, peer, base }: { cell: string; peer: string; base: string },
): Comparison | undefined {
  const of = (name: string) => results.filter((each) => each.peer === name && each.cell === cell);
  const bases = new Map(of(base).map((each) => [place(each), each.ms]));
  const ratios = of(peer).flatMap((each) => {
    const other = bases.get(place(each));
    return other === undefined ? [] : [{ at: place(each), ratio: each.ms / other }];
  });
  if (ratios.length === 0) return undefined;
  const lowest = ratios.reduce((low, each) => (each.ratio < low.ratio ? each : low));
  return {
    mean: geometricMean(ratios.map(({ ratio }) => ratio)),
    lowest: lowest.ratio,
    lowestAt: lowest.at,
    points: ratios.length,
  };
}

/** How many times faster `base` is than each other peer, cell by cell: the geometric mean, and the lowest point. */
export function ratioTable(results: readonly PointResult[], base: string): string {
  const peers = peersOf(results).filter((peer) => peer !== base);
  const cells = cellsOf(results).filter((cell) => cell !== IMAGE_POINT.cell);
  const rows = cells.map((cell) => [
    cell,
    ...peers.map((peer) => {
      const found = compare(results, { cell, peer, base });
      if (!found) return '–';
      const { mean, lowest, lowestAt, points } = found;
      return points === 1 ? `${digits(mean)}×` : `**${digits(mean)}×** (${digits(lowest)}× at ${lowestAt})`;
    }),
  ]);
  return markdown([`${base} beside`, ...peers], rows);
}

/** The times [ms] of all peers at one cell. */
export function timeTable(results: readonly PointResult[], cell: string): string {
  const own = results.filter((each) => each.cell === cell);
  const peers = peersOf(own);
  const places = [...new Set(own.map(place))];
  const rows = places.map((at) => [
    at,
    ...peers.map((peer) => {
      const found = own.find((each) => each.peer === peer && place(each) === at);
      return found ? digits(found.ms) : '–';
    }),
  ]);
  return markdown(['units/batch', ...peers], rows);
}

/** A table; the first column is text, the others numbers. */
export function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}

/** Cells in the order of the grid, then others. */
export function cellsOf(results: readonly PointResult[]): string[] {
  const seen = new Set(results.map(({ cell }) => cell));
  return [...GRID_CELLS, IMAGE_POINT.cell].filter((cell) => seen.has(cell));
}

function peersOf(results: readonly PointResult[]): string[] {
  return [...new Set(results.map(({ peer }) => peer))];
}

function place({ units, batch }: PointResult): string {
  return `${units}/${batch}`;
}
