/** A picture that cannot be read: what is wrong with it, and in which file. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  /** Where it came from, as the caller named it. */
  readonly file?: string;

  constructor(message: string, { file, cause }: { file?: string; cause?: unknown } = {}) {
    super(file === undefined ? message : `${file}: ${message}`, { cause });
    this.file = file;
  }
}
