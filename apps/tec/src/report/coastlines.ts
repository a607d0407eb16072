// Coastlines for the station map: Natural Earth 1:110m land as packed by world-atlas.

import { createRequire } from 'node:module';
import { feature } from 'topojson-client';

type Topology = Parameters<typeof feature>[0];

/** The land areas of the world as GeoJSON, coordinates rounded to 0.1° to keep the page small. */
export function landShapes(): object {
  const atlas = createRequire(import.meta.url)('world-atlas/land-110m.json') as Topology;
  const land = feature(atlas, atlas.objects.land!);
  return JSON.parse(JSON.stringify(land), (_, value) =>
    typeof value === 'number' ? Math.round(value * 10) / 10 : value,
  ) as object;
}
