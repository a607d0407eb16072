/** Puts every column of `rows` in increasing order, in place, and returns them; a column with a NaN becomes NaN. */
export function sortColumns(rows: Float64Array[]): Float64Array[] {
  const column = new Float64Array(rows.length);
  for (let i = 0; i < rows[0]!.length; i++) {
    for (let k = 0; k < rows.length; k++) column[k] = rows[k]![i]!;
    if (column.some(Number.isNaN)) column.fill(Number.NaN);
    column.sort();
    for (let k = 0; k < rows.length; k++) rows[k]![i] = column[k]!;
  }
  return rows;
}
