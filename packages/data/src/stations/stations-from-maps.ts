// Values at points out of maps on a grid.

import { createSeries, type Grid, lengthOf, type Series, sampleSize } from '../series.ts';

/** A place on the Earth, in degrees; longitude east, of any turn. */
export interface Station {
  name: string;
  latitude: number;
  longitude: number;
}

/**
 * Bilinear interpolation of maps at `stations`: one channel for each, called by its name.
 * Longitude wraps around, whether or not the grid repeats its first meridian; ±180° is one meridian. A point on a grid
 * point comes out exact. On a pole cap, between a pole and a row of latitudes no further from it than rows are from each
 * other, the value of that row is taken; nowhere else is a value made up outside of the grid.
 * A missing corner makes the value missing, unless it has no weight.
 * @throws if the series holds no maps, a place lies outside of the grid, or names repeat.
 */
export function stationsFromMaps(maps: Series, stations: readonly Station[]): Series {
  const { grid } = maps;
  if (!grid) throw new Error('stationsFromMaps: expected maps with a grid, got a series of channels.');
  if (stations.length === 0) throw new Error('stationsFromMaps: expected at least one station, got none.');
  const corners = stations.map((station) => cornersOf(grid, station));
  const T = lengthOf(maps);
  const size = sampleSize(maps);
  const values = new Float32Array(T * stations.length);
  for (let t = 0; t < T; t++) {
    for (const [s, parts] of corners.entries()) {
      let sum = 0;
      for (const { index, weight } of parts) sum += weight * maps.values[t * size + index]!;
      values[t * stations.length + s] = sum;
    }
  }
  const channels = stations.map(({ name }) => ({ ...maps.channels[0]!, name }));
  return createSeries({ start: maps.start, step: maps.step, shape: [stations.length], channels, values });
}

/** Positions in a map, and their weights, of the corners around a station that have any. */
function cornersOf(grid: Grid, { name, latitude, longitude }: Station): { index: number; weight: number }[] {
  if (!(Math.abs(latitude) <= 90) || !Number.isFinite(longitude)) {
    throw new Error(
      `stationsFromMaps: '${name}' must have a latitude of −90 to 90° and a longitude, got ${latitude}, ${longitude}.`,
    );
  }
  const rows = between(grid.latitudes, onGrid(latitude, grid.latitudes, name));
  const columns = wrappedColumns(grid.longitudes, longitude, name);
  return rows
    .flatMap((row) =>
      columns.map((column) => ({
        index: row.index * grid.longitudes.length + column.index,
        weight: row.weight * column.weight,
      })),
    )
    .filter(({ weight }) => weight > 0);
}

/** The two neighbours of `value` in a monotonic axis, with their weights. */
function between(axis: readonly number[], value: number): { index: number; weight: number }[] {
  for (let i = 0; i + 1 < axis.length; i++) {
    const share = (value - axis[i]!) / (axis[i + 1]! - axis[i]!);
    if (share >= 0 && share <= 1) {
      return [
        { index: i, weight: 1 - share },
        { index: i + 1, weight: share },
      ];
    }
  }
  return [{ index: 0, weight: 1 }];
}

/** The latitude to read at: on a pole cap that of the last row. */
function onGrid(latitude: number, axis: readonly number[], name: string): number {
  const south = Math.min(...axis);
  const north = Math.max(...axis);
  const edge = Math.min(Math.max(latitude, south), north);
  const spacing = (north - south) / (axis.length - 1);
  if (latitude === edge || 90 - Math.abs(edge) <= spacing + 1e-6) return edge;
  throw new Error(
    `stationsFromMaps: '${name}' at a latitude of ${latitude}° lies outside the grid's latitudes ${south}° to ${north}°.`,
  );
}

/** As {@link between}, on a circle: the axis goes on after its last meridian with its first one a turn later. */
function wrappedColumns(longitudes: readonly number[], longitude: number, name: string) {
  const n = longitudes.length;
  if (n < 2) throw new Error('stationsFromMaps: the grid must have at least two longitudes.');
  const [first, last] = [longitudes[0]!, longitudes[n - 1]!];
  const spacing = (last - first) / (n - 1);
  const turn = 360 * Math.sign(spacing);
  const open = Math.abs(last + spacing - (first + turn)) < 1e-6;
  const axis = open ? [...longitudes, first + turn] : longitudes;
  for (const turns of [0, 1, -1, 2, -2]) {
    const value = (longitude % 360) + turns * 360;
    const inside = (value - axis[0]!) * (value - axis.at(-1)!) <= 0;
    if (inside) return between(axis, value).map(({ index, weight }) => ({ index: index % n, weight }));
  }
  throw new Error(
    `stationsFromMaps: '${name}' at ${longitude}° lies outside the grid's longitudes ${first}° to ${last}°.`,
  );
}
