// The labels of IONEX 1.0 and 1.1 (Schaer, Gurtner and Feltens 1998; Schaer, Gurtner and Feltens 2015).

import type { IonexKind } from './ionex-file.ts';

/** Labels that stand for one fact of the header. */
export const HEADER_LABELS = [
  'IONEX VERSION / TYPE',
  'PGM / RUN BY / DATE',
  'DESCRIPTION',
  'COMMENT',
  'EPOCH OF FIRST MAP',
  'EPOCH OF LAST MAP',
  'INTERVAL',
  '# OF MAPS IN FILE',
  'MAPPING FUNCTION',
  'ELEVATION CUTOFF',
  'OBSERVABLES USED',
  '# OF STATIONS',
  '# OF SATELLITES',
  'BASE RADIUS',
  'MAP DIMENSION',
  'HGT1 / HGT2 / DHGT',
  'LAT1 / LAT2 / DLAT',
  'LON1 / LON2 / DLON',
  'EXPONENT',
  'START OF AUX DATA',
  'END OF AUX DATA',
  'END OF HEADER',
] as const;

/** A label of the header. */
export type HeaderLabel = (typeof HEADER_LABELS)[number];

/** Label of a row of values: latitude, first and last longitude, longitude step, height. */
export const ROW_LABEL = 'LAT/LON1/LON2/DLON/H';

/** The word for each kind of map in the labels. */
export const KIND_WORDS: Readonly<Record<IonexKind, string>> = { tec: 'TEC', rms: 'RMS', height: 'HEIGHT' };

/** Labels that open a map. */
export const STARTS: ReadonlyMap<string, IonexKind> = new Map([
  ['START OF TEC MAP', 'tec'],
  ['START OF RMS MAP', 'rms'],
  ['START OF HEIGHT MAP', 'height'],
]);

/** Every label that has a meaning in a file. */
export const KNOWN_LABELS: ReadonlySet<string> = new Set<string>([
  ...HEADER_LABELS,
  ...STARTS.keys(),
  'END OF TEC MAP',
  'END OF RMS MAP',
  'END OF HEIGHT MAP',
  'EPOCH OF CURRENT MAP',
  ROW_LABEL,
  'END OF FILE',
]);
