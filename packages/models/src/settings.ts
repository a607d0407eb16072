// Settings of a layer: what is known, what is allowed, and what is assumed when nothing is said.

/** One setting: how it is checked and what it is when left out. */
export interface Setting {
  /** What a good value is, in words that complete "must be …". */
  expected: string;
  accepts(value: unknown): boolean;
  /** The value when left out; a function computes it from the other settings. Absent: the setting is required. */
  default?: unknown;
  /** True where the setting matters only at the start or while training, not for what the trained network computes. */
  trainingOnly?: boolean;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(options: { min: number; max?: number; default?: unknown }): Setting {
  const { min, max = 2 ** 24 } = options;
  return {
    expected: `a whole number from ${min} to ${max}`,
    accepts: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    ...(options.default === undefined ? {} : { default: options.default }),
  };
}

/** A finite number that `accepts` lets through. */
export function finiteNumber(
  expected: string,
  accepts: (value: number) => boolean,
  fallback?: number,
): Setting {
  return {
    expected,
    accepts: (value) => typeof value === 'number' && Number.isFinite(value) && accepts(value),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}

/** One of the given words. */
export function oneOf(words: readonly string[], fallback: string): Setting {
  return {
    expected: `one of ${words.map((word) => `'${word}'`).join(', ')}`,
    accepts: (value) => typeof value === 'string' && words.includes(value),
    default: fallback,
  };
}

/** True or false. */
export function flag(fallback: boolean): Setting {
  return { expected: 'true or false', accepts: (value) => typeof value === 'boolean', default: fallback };
}

/**
 * All settings of a layer, defaults filled in, in the order of `known`.
 * @throws on an unknown setting (with the list of known ones), a missing required one, or a value out of range.
 */
export function resolveSettings(
  name: string,
  given: Readonly<Record<string, unknown>>,
  known: Readonly<Record<string, Setting>>,
): Record<string, unknown> {
  for (const key of Object.keys(given)) {
    if (key !== 'type' && !Object.hasOwn(known, key)) {
      const names = Object.keys(known).join(', ') || 'none';
      throw new Error(`${name}: unknown setting '${key}'. Known: ${names}.`);
    }
  }
  const resolved: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(known)) {
    let value = Object.hasOwn(given, key) ? given[key] : undefined;
    if (value === undefined) {
      value = typeof setting.default === 'function' ? setting.default(given) : setting.default;
      if (value === undefined) throw new Error(`${name}: ${key} is missing. It must be ${setting.expected}.`);
    }
    if (!setting.accepts(value)) {
      throw new Error(`${name}: ${key} must be ${setting.expected}, got ${describe(value)}.`);
    }
    resolved[key] = value;
  }
  return resolved;
}

/** A value in a message: JSON, cut to a readable length. */
export function describe(value: unknown): string {
  let text: string | undefined;
  if (typeof value === 'number') text = String(value);
  else if (typeof value === 'function') text = 'a function';
  else if (typeof value === 'bigint') text = `${value}n`;
  else text = JSON.stringify(value);
  if (text === undefined) return String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
