// What a command may use of the world around it, so that a test can run the whole program as a function.

/** Something to write text to, such as `process.stdout`. */
export interface Output {
  write(text: string): unknown;
  /** True on a terminal: bars are redrawn in place. */
  isTTY?: boolean;
  columns?: number;
}

/** Where a run writes, and what stops it. */
export interface Context {
  stdout: Output;
  stderr: Output;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}
