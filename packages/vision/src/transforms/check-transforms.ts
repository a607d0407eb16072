// Lists of steps may come from a file or a form: everything in them is checked before any picture goes through, since a wrong
// setting would turn pictures into NaN, and a misspelt one would do nothing.

import type { TransformConfig } from './transform-config.ts';

/** What a setting must be. */
interface Rule {
  what: string;
  fits(value: unknown): boolean;
  needed?: true;
}

const number = (what: string, fits: (value: number) => boolean): Rule => ({
  what,
  fits: (value) => typeof value === 'number' && Number.isFinite(value) && fits(value),
});
const whole = (low: number): Rule =>
  number(`a whole number from ${low}`, (value) => Number.isSafeInteger(value) && value >= low);
const share = number('a number from 0 to 1', (value) => value >= 0 && value <= 1);
const amount = number('a number from 0', (value) => value >= 0);
const fill = number('a finite number', () => true);
const side: Rule = { ...whole(1), needed: true };
const size = { height: side, width: side };

const RULES: Readonly<Record<TransformConfig['type'], Readonly<Record<string, Rule>>>> = {
  resize: size,
  centerCrop: size,
  randomCrop: { ...size, padding: whole(0) },
  flip: {
    vertical: { what: 'true or false', fits: (value) => typeof value === 'boolean' },
    probability: share,
  },
  affine: {
    ...{ rotate: amount, move: amount, fill },
    shear: number('a number from 0 to below 90', (value) => value >= 0 && value < 90),
    scale: {
      what: 'two numbers above 0, from and to',
      fits: (value) =>
        Array.isArray(value) &&
        value.length === 2 &&
        value.every((each) => Number.isFinite(each) && each > 0),
    },
  },
  colour: { brightness: share, contrast: share, saturation: share, hue: amount },
  cutout: { size: side, fill },
};

/** Most pixels that a step may make. */
const MAX_PIXELS = 2 ** 26;

/** @throws if it is no list of known steps, or a setting is not known, missing or out of bounds. */
export function checkTransforms(transforms: readonly TransformConfig[]): void {
  if (!Array.isArray(transforms))
    throw new Error(`transform: expected a list of steps, got ${shown(transforms)}.`);
  for (const step of transforms) checkStep(step);
}

function checkStep(step: unknown): void {
  const { type, ...settings } = (typeof step === 'object' && step !== null ? step : {}) as Record<
    string,
    unknown
  >;
  if (typeof type !== 'string' || !Object.hasOwn(RULES, type)) {
    throw new Error(
      `transform: type must be one of ${Object.keys(RULES).join(', ')}, got ${shown(type ?? step)}.`,
    );
  }
  const rules = RULES[type as TransformConfig['type']];
  const unknown = Object.keys(settings).find((name) => !Object.hasOwn(rules, name));
  if (unknown !== undefined) {
    throw new Error(
      `transform: ${type} has the settings ${Object.keys(rules).join(', ')}, got ${shown(unknown)}.`,
    );
  }
  for (const [name, { what, fits, needed }] of Object.entries(rules)) {
    const value = settings[name];
    if (value === undefined ? !needed : fits(value)) continue;
    throw new Error(`transform: ${name} of ${type} must be ${what}, got ${shown(value)}.`);
  }
  const { height, width } = settings as { height?: number; width?: number };
  if (height !== undefined && width !== undefined && height * width > MAX_PIXELS) {
    throw new Error(`transform: ${type} may make at most ${MAX_PIXELS} pixels, got ${height} × ${width}.`);
  }
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 100)}'`;
  return (typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))).slice(0, 100);
}
