const MAX_MESSAGE = 600;

/** A file of geophysical indices that cannot be read, and where. */
export class IndexError extends Error {
  /** Line in the file, from 1; absent where the file as a whole is at fault. */
  readonly line?: number;

  constructor(message: string, line?: number) {
    // Files are untrusted: a field of a million digits must not come back as a message.
    const short = message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message;
    super(line === undefined ? `indices: ${short}` : `indices: line ${line}: ${short}`);
    this.name = 'IndexError';
    if (line !== undefined) this.line = line;
  }
}
