// What an IONEX file holds, as plain data: the header's facts, and stacks of maps in physical units.

import type { Grid } from '../series.ts';

/** The three kinds of map: TEC [TECU], its RMS error [TECU], and the height of the layer [km]. */
export type IonexKind = 'tec' | 'rms' | 'height';

/** All kinds of map, in the order in which they stand in a file. */
export const IONEX_KINDS: readonly IonexKind[] = ['tec', 'rms', 'height'];

/** The maps of one kind. A file without this kind has no epochs here. */
export interface IonexMaps {
  /** Time of each map [ms UTC], increasing. */
  epochs: number[];
  /** Row-major `[maps, latitudes, longitudes]`, or `[maps, heights, latitudes, longitudes]` in three dimensions; missing = NaN. */
  values: Float32Array;
  /** Of each map: its values are whole multiples of 10^exponent units. */
  exponents: number[];
}

/** A block of auxiliary data of the header, such as `DIFFERENTIAL CODE BIASES`, kept as text. */
export interface IonexAux {
  name: string;
  /** The lines between its start and its end, without their line ends. */
  lines: string[];
}

/** Something in a file that the standard does not allow, and that changed no value. */
export interface IonexWarning {
  /** The first line, from 1, where it was met. */
  line: number;
  message: string;
  /** How often it was met. */
  count: number;
}

/** A file of ionosphere maps. */
export interface IonexFile {
  /** Name of the file, as given to the reader. */
  file?: string;
  /** Format version, 1 or 1.1. */
  version: number;
  /** Satellite system or model, for example `GPS`, `GNSS`, `MIX`. */
  system: string;
  program: string;
  runBy: string;
  /** Date of production, as written. */
  date: string;
  description: string[];
  comments: string[];
  /** Time of the first and of the last map, as the header says [ms UTC]. */
  firstEpoch: number;
  lastEpoch: number;
  /** Time between maps, as the header says [ms]; 0 if it varies. */
  interval: number;
  /** For example `COSZ`; `NONE` where no mapping function was used. */
  mappingFunction: string;
  /** Least elevation of the observations [degrees]; 0 if unknown. */
  elevationCutoff: number;
  observables: string;
  /** Number of contributing stations and satellites, where the header has them. */
  stations?: number;
  satellites?: number;
  /** Mean radius of the Earth to which heights refer [km]. */
  baseRadiusKm: number;
  /** 2: one layer. 3: a stack of layers at `heights`. */
  dimension: 2 | 3;
  /** Heights of the layers [km]; one entry if `dimension` is 2. */
  heights: number[];
  /** The axes of every map [degrees], in the order of the file. `heightKm` is there if `dimension` is 2. */
  grid: Grid;
  /** Default exponent of the file: values are multiples of 10^exponent TECU (or km). */
  exponent: number;
  aux: IonexAux[];
  maps: Record<IonexKind, IonexMaps>;
  warnings: IonexWarning[];
}

/** Number of values in one map of `file`. */
export function mapSize(file: Pick<IonexFile, 'grid' | 'heights'>): number {
  return file.heights.length * file.grid.latitudes.length * file.grid.longitudes.length;
}
