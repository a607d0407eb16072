/** A file that is not readable IONEX: carries the file's name and the line, where they are known. */
export class IonexError extends Error {
  override readonly name = 'IonexError';
  /** Name of the file, as given to the reader. */
  readonly file: string | undefined;
  /** Line number, from 1. */
  readonly line: number | undefined;

  constructor(message: string, place: { file?: string | undefined; line?: number | undefined } = {}) {
    const where = [place.file, place.line === undefined ? undefined : `line ${place.line}`].filter(Boolean);
    super(`ionex: ${where.length > 0 ? `${where.join(', ')}: ` : ''}${message}`);
    this.file = place.file;
    this.line = place.line;
  }
}
