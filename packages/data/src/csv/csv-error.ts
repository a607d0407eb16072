/** Names in an untrusted file can be of any length. */
const MAX_MESSAGE = 3000;

/** A CSV file that cannot be read, and where. */
export class CsvError extends Error {
  /** Row in the file, from 1, the header counted; absent where the file as a whole is at fault. */
  readonly row?: number;
  /** Name of the column in the file. */
  readonly column?: string;

  constructor(message: string, row?: number, column?: string) {
    const place = [
      row === undefined ? '' : `row ${row}`,
      column === undefined ? '' : `column ${JSON.stringify(column)}`,
    ];
    const where = place.filter((part) => part !== '').join(', ');
    const text = where === '' ? message : `${where}: ${message}`;
    super(`csv: ${text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text}`);
    this.name = 'CsvError';
    if (row !== undefined) this.row = row;
    if (column !== undefined) this.column = column;
  }
}
