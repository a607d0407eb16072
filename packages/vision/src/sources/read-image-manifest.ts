// A list of pictures as a table: one row for each, with its path and its class.

import { CsvError, findColumn, isBlank, parseTable } from '@tidecast/data';
import type { ImageItem, ImageList } from './image-list.ts';

/** The columns of a table of pictures. */
export interface ManifestOptions {
  /** Name of the column of paths; default `path`. */
  path?: string;
  /** Name of the column of classes; default `label`. */
  label?: string;
  /** Name of the column of groups, see `splitImages`; default: no groups. */
  group?: string;
  /** Default: `,`, `;` or a tab, whichever the header has. */
  delimiter?: string;
}

/**
 * Reads a CSV table of pictures. Paths are taken as they stand, for the caller to look up; classes come in the order of
 * their names.
 * @throws CsvError if a column is missing, a cell of it is empty, or a path comes twice: it could be trained and tested on.
 */
export function readImageManifest(text: string, options: ManifestOptions = {}): ImageList {
  const { path = 'path', label = 'label', group, delimiter } = options;
  const wanted = [path, label, ...(group === undefined ? [] : [group])];
  const table = parseTable(text, delimiter, { guesses: [',', ';', '\t'], wanted });
  const columns = wanted.map((name) => findColumn(table.header, name));
  const rowOf = new Map<string, number>();
  const rows = table.rows.flatMap((cells, i) => {
    if (isBlank(cells)) return [];
    const at = table.firstRow + i;
    const values = columns.map((column, k) => {
      const cell = cells[column]?.trim() ?? '';
      if (cell !== '') return cell;
      throw new CsvError(`expected a value in the column '${wanted[k]}', got an empty cell.`, at);
    });
    const before = rowOf.get(values[0]!);
    if (before !== undefined) {
      throw new CsvError(`'${values[0]}' appears twice, here and in row ${before}. Remove one.`, at);
    }
    rowOf.set(values[0]!, at);
    return [values];
  });
  if (rows.length === 0) throw new CsvError('expected at least one picture, got only a header.');
  const classes = [...new Set(rows.map((cells) => cells[1]!))].sort();
  const numbers = new Map(classes.map((name, i) => [name, i] as const));
  const items = rows.map(
    ([where, name, together]): ImageItem => ({
      path: where!,
      label: numbers.get(name!)!,
      ...(together !== undefined && { group: together }),
    }),
  );
  return { items, classes };
}
