// Checks at the public edge, all worded alike: what, expected, got, fix.

/** Bounds of a number; a missing one does not apply. */
interface Bounds {
  /** Smallest allowed value. */
  min?: number;
  /** Values must be greater than this. */
  above?: number;
  /** Largest allowed value. */
  max?: number;
  /** Values must be less than this. */
  below?: number;
  integer?: boolean;
}

/** How a value reads in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 60)}'`;
  if (typeof value === 'object' && value !== null)
    return (JSON.stringify(value) ?? 'an object').slice(0, 200);
  return String(value);
}

/** Returns `value` where it is a finite number within `bounds`. @throws otherwise, naming `what`. */
export function checkNumber(what: string, value: unknown, bounds: Bounds = {}): number {
  const { min, above, max, below, integer } = bounds;
  const good =
    typeof value === 'number' &&
    Number.isFinite(value) &&
    (!integer || Number.isSafeInteger(value)) &&
    (min === undefined || value >= min) &&
    (above === undefined || value > above) &&
    (max === undefined || value <= max) &&
    (below === undefined || value < below);
  if (good) return value;
  const limits = [
    min !== undefined ? `at least ${min}` : '',
    above !== undefined ? `greater than ${above}` : '',
    max !== undefined ? `at most ${max}` : '',
    below !== undefined ? `less than ${below}` : '',
  ].filter(Boolean);
  const kind = integer ? 'a whole number' : 'a finite number';
  throw new Error(
    `${what} must be ${kind}${limits.length ? ` ${limits.join(' and ')}` : ''}, got ${shown(value)}.`,
  );
}

/** Returns the entry of `table` called `name`. @throws with the names there are if it is absent. */
export function lookUp<T>(what: string, table: Readonly<Record<string, T>>, name: unknown): T {
  if (typeof name === 'string' && Object.hasOwn(table, name)) return table[name]!;
  throw new Error(`${what} must be one of ${Object.keys(table).join(', ')}, got ${shown(name)}.`);
}

/** Returns `value` where it is a JSON object. @throws otherwise. */
export function checkObject(what: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Error(`${what} must be an object, got ${shown(value)}.`);
}

/** True where two shapes are the same. */
export function sameShape(a: readonly (number | string)[], b: readonly (number | string)[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
