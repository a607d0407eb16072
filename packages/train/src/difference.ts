// Where two pieces of JSON differ, for messages that say what does not fit.

/** A place in two pieces of JSON, as a dotted path, and what stands there in each. */
export interface Difference {
  path: string;
  was: unknown;
  is: unknown;
}

/** The first difference between two JSON values, or undefined. What JSON cannot say (undefined) counts as absent. */
export function firstDifference(was: unknown, is: unknown, path = ''): Difference | undefined {
  if (typeof was !== 'object' || typeof is !== 'object' || was === null || is === null) {
    return was === is ? undefined : { path, was, is };
  }
  if (Array.isArray(was) !== Array.isArray(is)) return { path, was, is };
  const of = (value: object, key: string) =>
    Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  // What a thing is comes before its settings.
  for (const key of new Set(['type', ...Object.keys(is), ...Object.keys(was)])) {
    const difference = firstDifference(of(was, key), of(is, key), path ? `${path}.${key}` : key);
    if (difference) return difference;
  }
  return undefined;
}
