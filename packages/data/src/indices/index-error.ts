/** A file of geophysical indices that cannot be read, and where. */
export class IndexError extends Error {
  /** Line in the file, from 1; absent where the file as a whole is at fault. */
  readonly line?: number;

  constructor(message: string, line?: number) {
    super(line === undefined ? `indices: ${message}` : `indices: line ${line}: ${message}`);
    this.name = 'IndexError';
    if (line !== undefined) this.line = line;
  }
}
