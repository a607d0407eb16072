// What a search may vary, as plain data: a field of a config and the values it may take. Every strategy sees a field
// through a coordinate from 0 to 1, so that none of them knows kinds of fields.

import type { Random } from '@tidecast/data';
import { checkNumber, checkObject, lookUp, shown } from '../check.ts';

/** A value of a field: anything JSON can say. */
export type FieldValue =
  | string
  | number
  | boolean
  | null
  | readonly FieldValue[]
  | { [key: string]: FieldValue };

/** Values of one trial by field; a field that does not apply is absent. */
export type Values = Readonly<Record<string, FieldValue>>;

/** Where a field applies: another field, listed before it, has one of some values. */
export interface Condition {
  field: string;
  is: readonly FieldValue[];
}

/** What one field may be. */
export type Field = (
  | { readonly type: 'choice'; readonly values: readonly FieldValue[] }
  | {
      readonly type: 'integer' | 'real';
      readonly min: number;
      readonly max: number;
      /** Drawn evenly by their logarithm. */
      readonly logarithmic?: boolean;
    }
) & { readonly when?: Condition };

/** Fields by name. A dotted name is a path into a config, such as `layers.0.units`: see `withValues`. */
export type Space = Readonly<Record<string, Field>>;

interface FieldOptions {
  /** The field applies only then. */
  when?: Condition;
}

/** One of `values`, in no order. */
export function choice(values: readonly FieldValue[], options: FieldOptions = {}): Field {
  return { type: 'choice', values, ...options };
}

/** A whole number from `min` to `max`, both included; `logarithmic`: small ones as likely as large ones by factor. */
export function integer(
  min: number,
  max: number,
  options: FieldOptions & { logarithmic?: boolean } = {},
): Field {
  return { type: 'integer', min, max, ...options };
}

/** A number from `min` to `max`, evenly. */
export function uniform(min: number, max: number, options: FieldOptions = {}): Field {
  return { type: 'real', min, max, ...options };
}

/** A number from `min` to `max`, evenly by its logarithm: for learning rates and the like. */
export function logUniform(min: number, max: number, options: FieldOptions = {}): Field {
  return { type: 'real', min, max, logarithmic: true, ...options };
}

/** Checks a space, and returns it. @throws with the first field that makes no sense. */
export function checkSpace(space: Space): Space {
  const seen = new Set<string>();
  const fields = Object.entries(checkObject('search: space', space)) as [string, Field][];
  if (fields.length === 0) throw new Error('search: space must have at least one field, got none.');
  for (const [name, field] of fields) {
    const what = `search: space.${name}`;
    checkObject(what, field);
    lookUp(`${what}.type`, { choice: 0, integer: 0, real: 0 }, field.type);
    if (field.type === 'choice') {
      if (!Array.isArray(field.values) || field.values.length === 0) {
        throw new Error(
          `${what}: values must be a list with at least one value, got ${shown(field.values)}.`,
        );
      }
      const labels = field.values.map(labelOf);
      const repeated = labels.find((label, i) => labels.indexOf(label) !== i);
      if (repeated !== undefined) throw new Error(`${what}: its values must differ, got ${repeated} twice.`);
    } else {
      const whole = field.type === 'integer';
      const min = checkNumber(`${what}.min`, field.min, { integer: whole });
      checkNumber(`${what}.max`, field.max, { above: min, integer: whole });
      if (field.logarithmic) checkNumber(`${what}.min of a logarithmic field`, min, { above: 0 });
    }
    if (field.when && !seen.has(field.when.field)) {
      const names = [...seen].join(', ') || 'none';
      throw new Error(
        `${what}: when.field must be a field before it (${names}), got ${shown(field.when.field)}.`,
      );
    }
    seen.add(name);
  }
  return space;
}

/** How a value reads in a table. */
export function labelOf(value: FieldValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** How many values a field has; infinite for a real one. */
export function sizeOf(field: Field): number {
  if (field.type === 'choice') return field.values.length;
  return field.type === 'integer' ? field.max - field.min + 1 : Number.POSITIVE_INFINITY;
}

/** True where `field` applies, given the values of the fields before it. */
export function applies(field: Field, values: Values): boolean {
  if (!field.when) return true;
  const value = values[field.when.field];
  return value !== undefined && field.when.is.some((each) => labelOf(each) === labelOf(value));
}

/**
 * Values for all fields that apply, in their order; `pick` gives the coordinate of each, from 0 to 1.
 * A choice and a whole number own equal parts of that range (of its logarithm, where the field is logarithmic).
 */
export function valuesAt(space: Space, pick: (name: string, field: Field) => number): Values {
  const values: Record<string, FieldValue> = {};
  for (const [name, field] of Object.entries(space)) {
    if (applies(field, values)) values[name] = valueAt(field, pick(name, field));
  }
  return values;
}

/** Values drawn at random. */
export function drawValues(space: Space, random: Random): Values {
  return valuesAt(space, () => random.uniform());
}

function valueAt(field: Field, coordinate: number): FieldValue {
  if (field.type === 'choice') {
    return field.values[Math.min(field.values.length - 1, Math.floor(coordinate * field.values.length))]!;
  }
  const [low, high] = boundsOf(field);
  const place = low + coordinate * (high - low);
  const value = field.logarithmic ? Math.exp(place) : place;
  const whole = field.type === 'integer' ? Math.round(value) : value;
  return Math.min(field.max, Math.max(field.min, whole));
}

/** The coordinate of a value: the middle of the part that it owns. */
export function coordinateOf(field: Field, value: FieldValue): number {
  if (field.type === 'choice') {
    const index = field.values.findIndex((each) => labelOf(each) === labelOf(value));
    return (index + 0.5) / field.values.length;
  }
  const [low, high] = boundsOf(field);
  const place = field.logarithmic ? Math.log(value as number) : (value as number);
  return Math.min(1, Math.max(0, (place - low) / (high - low)));
}

/** The range that coordinates stretch over; a whole number owns half a step to each side. */
function boundsOf(field: Extract<Field, { min: number }>): [number, number] {
  const margin = field.type === 'integer' ? 0.5 : 0;
  const [low, high] = [field.min - margin, field.max + margin];
  return field.logarithmic ? [Math.log(low), Math.log(high)] : [low, high];
}

/**
 * A copy of `config` with the fields of a trial put in: `withValues({ layers: [{ units: 8 }] }, { 'layers.0.units': 20 })`.
 * @throws if a path leads to no object or list, or past the end of a list.
 */
export function withValues<Config extends object>(config: Config, values: Values): Config {
  const copy = structuredClone(config);
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split('.');
    let place: unknown = copy;
    for (const key of keys.slice(0, -1)) place = own(place, key);
    const last = keys.at(-1)!;
    const isList = Array.isArray(place);
    const fits = typeof place === 'object' && place !== null && last !== '__proto__';
    if (!fits || (isList && !Object.hasOwn(place as object, last))) {
      throw new Error(`search: '${path}' must be a path into the config, got ${shown(config)}.`);
    }
    (place as Record<string, unknown>)[last] = structuredClone(value);
  }
  return copy;
}

function own(place: unknown, key: string): unknown {
  const has = typeof place === 'object' && place !== null && Object.hasOwn(place, key);
  return has ? (place as Record<string, unknown>)[key] : undefined;
}
