import { createRandom } from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choice, integer, logUniform, type Space, uniform, withValues } from '../../src/index.ts';
import { checkSpace, coordinateOf, drawValues, valuesAt } from '../../src/search/space.ts';

const space: Space = {
  family: choice(['rnn', 'lstm', 'cnn1d']),
  units: integer(5, 100, { logarithmic: true }),
  width: integer(1, 4, { when: { field: 'family', is: ['cnn1d'] } }),
  learningRate: logUniform(1e-4, 1e-1),
  dropout: uniform(0, 0.5),
};

describe('a space', () => {
  it('gives values within their bounds, and only fields that apply', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const values = drawValues(space, createRandom(seed));
        expect(['rnn', 'lstm', 'cnn1d']).toContain(values.family);
        expect('width' in values).toBe(values.family === 'cnn1d');
        expect(Number.isInteger(values.units)).toBe(true);
        expect(values.units).toBeGreaterThanOrEqual(5);
        expect(values.units).toBeLessThanOrEqual(100);
        expect(values.learningRate).toBeGreaterThanOrEqual(1e-4);
        expect(values.learningRate).toBeLessThanOrEqual(1e-1);
      }),
    );
  });

  it('finds the value again at its coordinate, to 1e-9 of the range', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const values = drawValues(space, createRandom(seed));
        const again = valuesAt(space, (name, field) => coordinateOf(field, values[name]!));
        for (const [name, value] of Object.entries(values)) {
          if (typeof value === 'number') expect(again[name]).toBeCloseTo(value, 9);
          else expect(again[name]).toBe(value);
        }
      }),
    );
  });

  it('draws each of 4 whole numbers with a share within 0.02 of a quarter, and 1e-3 as the median of 1e-5 … 1e-1', () => {
    const random = createRandom(1);
    const drawn = Array.from({ length: 20_000 }, () =>
      drawValues({ n: integer(1, 4), rate: logUniform(1e-5, 1e-1) }, random),
    );
    for (const n of [1, 2, 3, 4]) {
      const share = drawn.filter((values) => values.n === n).length / drawn.length;
      expect(Math.abs(share - 0.25)).toBeLessThan(0.02);
    }
    const below = drawn.filter(({ rate }) => (rate as number) < 1e-3).length / drawn.length;
    expect(Math.abs(below - 0.5)).toBeLessThan(0.02);
  });

  it.each<[string, Space, RegExp]>([
    ['no field', {}, /at least one field/],
    ['no values', { a: choice([]) }, /a: values must be a list with at least one value/],
    ['a value twice', { a: choice([1, 2, 1]) }, /a: its values must differ, got 1 twice/],
    [
      'bounds the wrong way round',
      { a: integer(5, 5) },
      /a\.max must be a whole number greater than 5, got 5/,
    ],
    [
      'a logarithm of 0',
      { a: logUniform(0, 1) },
      /a\.min of a logarithmic field must be .* greater than 0, got 0/,
    ],
    [
      'a condition on a later field',
      { a: choice([1], { when: { field: 'b', is: [1] } }), b: choice([1]) },
      /when\.field/,
    ],
    [
      'an unknown type',
      { a: { type: 'normal' } as never },
      /a\.type must be one of choice, integer, real, got 'normal'/,
    ],
  ])('refuses %s', (_, wrong, message) => {
    expect(() => checkSpace(wrong)).toThrow(message);
  });
});

describe('withValues', () => {
  const config = { input: [24, 2], layers: [{ type: 'lstm', units: 8 }], optimizer: { learningRate: 0.1 } };

  it('puts values at their paths into a copy', () => {
    const made = withValues(config, {
      'layers.0.units': 20,
      'optimizer.learningRate': 0.01,
      'optimizer.beta1': 0.8,
    });
    expect(made.layers).toEqual([{ type: 'lstm', units: 20 }]);
    expect(made.optimizer).toEqual({ learningRate: 0.01, beta1: 0.8 });
    expect(config.layers[0]!.units).toBe(8);
  });

  it.each([
    'layers.1.units',
    'layers.2',
    'head.units',
    '__proto__.units',
    'optimizer.__proto__',
    'layers.__proto__.x',
  ])('refuses the path %s', (path) => {
    expect(() => withValues(config, { [path]: 1 })).toThrow(/must be a path into the config/);
    expect(({} as Record<string, unknown>).units).toBeUndefined();
  });
});
