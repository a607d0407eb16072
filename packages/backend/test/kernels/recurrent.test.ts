import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ActivationName } from '../reference/activations.ts';
import {
  type CellName,
  cellNames,
  gainsOf,
  type RecurrentInput,
  recurrentReference,
} from '../reference/recurrent.ts';
import { noise } from '../reference/support.ts';
import { expectRecurrent, layouts, recurrentInput, resultsOf, runRecurrent } from './run-recurrent.ts';
import { createTestKernels, relativeError, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});
beforeEach(() => test.reset());

const bound = 1e-5;
/** Among many rows of few units some vary little, and layer norm divides the rounding of their products by that. */
const normBound = (H: number) => (H < 16 ? 1e-4 : 2e-5);

/** Rows padded on the right, on the left, with holes, without any real step, and without padding. */
function maskOf(T: number): Float32Array {
  const third = Math.ceil(T / 3);
  const rows = [
    (t: number) => t < third,
    (t: number) => t >= third,
    (t: number) => t % 3 !== 1,
    () => false,
    () => true,
  ];
  return Float32Array.from({ length: 5 * T }, (_, i) => Number(rows[Math.floor(i / T)]!(i % T)));
}

/** Gains from 0.1 to 1.1 for a cell of H units. */
const gainsFor = (cell: CellName, H: number) => noise(gainsOf(cell) * H, 14).map((each) => 0.6 + each / 2);

for (const cell of cellNames) {
  describe(`${cell}: outputs and every gradient within 1e-5 of float64, relative to the largest`, () => {
    it.each([1, 3, 4, 5, 17, 64])('%i units: T 1, 2, 24, 200 × batch 1, 3, 32', (H) => {
      for (const T of [1, 2, 24, 200])
        for (const B of [1, 3, 32]) {
          test.reset();
          const input = recurrentInput(cell, { B, T, C: B === 3 ? 3 : 2, H });
          const result = runRecurrent(test, cell, input);
          expectRecurrent(result, recurrentReference(cell, input), bound, `T ${T}, batch ${B}`);
        }
    });

    it.each([1, 5, 17])('%i units, masked: right, left, holes, no real step; NaN at padded steps', (H) => {
      for (const T of [2, 24])
        for (const reverse of [false, true]) {
          test.reset();
          const input = recurrentInput(cell, { B: 5, T, C: 2, H }, { reverse, mask: maskOf(T) });
          const result = runRecurrent(test, cell, input);
          expectRecurrent(result, recurrentReference(cell, input), bound, `T ${T}, reverse ${reverse}`);
        }
    });

    it('masked, T 200, batch 32: lengths from 0 to 200', () => {
      const [B, T] = [32, 200];
      const mask = Float32Array.from({ length: B * T }, (_, i) =>
        Number(i % T < (Math.floor(i / T) * T) / (B - 1)),
      );
      const input = recurrentInput(cell, { B, T, C: 3, H: 17 }, { mask });
      expectRecurrent(runRecurrent(test, cell, input), recurrentReference(cell, input), bound, 'lengths');
    });

    it('one step that is padding: y 0, states and their gradients handed on, all other gradients 0', () => {
      const input = recurrentInput(cell, { B: 1, T: 1, C: 2, H: 3 }, { mask: [0] });
      const { hLast, dh0, ...others } = runRecurrent(test, cell, input);
      expect(hLast).toEqual(input.h0);
      expect(dh0).toEqual(input.dhLast);
      expectRecurrent(others, recurrentReference(cell, input), 0, 'padding');
    });

    it('zoneout leaves states at padding as they are, bit for bit', () => {
      const keep = new Float32Array(4 * 17).fill(0.3);
      const given = { mask: new Float32Array(4), keep, ...(cell === 'lstm' && { keepCell: keep }) };
      const input = recurrentInput(cell, { B: 1, T: 4, C: 2, H: 17 }, given);
      const { hLast, cLast } = runRecurrent(test, cell, input);
      expect(hLast).toEqual(input.h0);
      expect(cLast).toEqual(input.c0);
    });

    it.each([1, 4, 17])('%i units, reverse', (H) => {
      const input = recurrentInput(cell, { B: 3, T: 24, C: 3, H }, { reverse: true });
      expectRecurrent(runRecurrent(test, cell, input), recurrentReference(cell, input), bound, 'reverse');
    });

    it('without bias, initial states and gradients of y; only the gradients of the last states', () => {
      const none = { bias: undefined, recurrentBias: undefined, h0: undefined, c0: undefined, dy: undefined };
      const input = recurrentInput(cell, { B: 3, T: 7, C: 2, H: 5 }, none);
      const result = runRecurrent(test, cell, input, { without: ['y', 'dh0', 'dc0'] });
      expectRecurrent(result, recurrentReference(cell, input), bound, 'last state only');
    });

    it('only the gradients of y, or only those of the last cell', () => {
      const onlyY = recurrentInput(
        cell,
        { B: 3, T: 7, C: 2, H: 5 },
        { dhLast: undefined, dcLast: undefined },
      );
      expectRecurrent(runRecurrent(test, cell, onlyY), recurrentReference(cell, onlyY), bound, 'y');
      if (cell !== 'lstm') return;
      const onlyCell = { ...onlyY, dy: undefined, dcLast: noise(15, 1) };
      expectRecurrent(runRecurrent(test, cell, onlyCell), recurrentReference(cell, onlyCell), bound, 'c');
    });

    it('each result alone: the others are not written where their address is 0', () => {
      const input = recurrentInput(cell, { B: 5, T: 7, C: 2, H: 5 }, { mask: maskOf(7) });
      const expected = recurrentReference(cell, input);
      const all = resultsOf(cell);
      for (const one of all) {
        test.reset();
        const result = runRecurrent(test, cell, input, { without: all.filter((name) => name !== one) });
        expect(Object.keys(result)).toEqual([one]);
        expectRecurrent(result, expected, bound, 'alone');
      }
      runRecurrent(test, cell, input, { without: all });
    });

    it('two directions side by side in y and in the last states, their input gradients added', () => {
      const [B, T, C, H] = [5, 9, 3, 5];
      const mask = maskOf(T);
      const forth = recurrentInput(cell, { B, T, C, H }, { mask });
      const back = recurrentInput(
        cell,
        { B, T, C, H },
        {
          ...{ mask, reverse: true, dy: noise(B * T * H, 1), dhLast: noise(B * H, 2), h0: noise(B * H, 3) },
          recurrent: forth.recurrent,
        },
      );
      const expected = [forth, back].map((input) => recurrentReference(cell, input));
      const join = (rows: number, [a, b]: ArrayLike<number>[]) =>
        Float64Array.from({ length: rows * 2 * H }, (_, i) => {
          const [r, u] = [Math.floor(i / (2 * H)), i % (2 * H)];
          return u < H ? a![r * H + u]! : b![r * H + u - H]!;
        });
      const y = test.garbage(B * T * 2 * H);
      const hLast = test.garbage(B * 2 * H);
      const dx = test.garbage(B * T * C);
      const dy = test.put(join(B * T, [forth.dy!, back.dy!]));
      const dhLast = test.put(join(B, [forth.dhLast!, back.dhLast!]));
      for (const [direction, input] of [forth, back].entries()) {
        const right = 4 * H * direction;
        const run = { y: y + right, hLast: hLast + right, dx, dy: dy + right, dhLast: dhLast + right };
        const strides = { yStride: 2 * H, lastStride: 2 * H, addInput: direction === 1 };
        const { y: _y, hLast: _h, dx: _x, ...rest } = runRecurrent(test, cell, input, { ...run, ...strides });
        expectRecurrent(rest, expected[direction]!, bound, `direction ${direction}`);
      }
      const joined = [
        [test.get(y, B * T * 2 * H), join(B * T, [expected[0]!.y, expected[1]!.y])],
        [test.get(hLast, B * 2 * H), join(B, [expected[0]!.hLast, expected[1]!.hLast])],
        [test.get(dx, B * T * C), expected[0]!.dx.map((each, i) => each + expected[1]!.dx[i]!)],
      ] as const;
      for (const [actual, reference] of joined) {
        expect(relativeError(actual, reference)).toBeLessThanOrEqual(bound);
      }
    });

    it.each([1, 4, 5, 17])('%i units: recurrent dropout, zoneout of h and of c, and all of them', (H) => {
      const [B, T] = [5, 9];
      const drawn = (count: number, seed: number, values: number[]) =>
        noise(count, seed).map((each) => values[Math.floor(((each + 1) / 2) * values.length)]!);
      const factors = drawn(B * H, 11, [0, 1.25, 1.25, 1.25]);
      // As in training, and as otherwise.
      const zones = [drawn(T * B * H, 12, [0, 0, 1]), new Float32Array(T * B * H).fill(0.3)];
      const keepCell = cell === 'lstm' ? drawn(T * B * H, 13, [0, 0, 0.4, 1]) : undefined;
      const regularisers: Partial<RecurrentInput>[] = [
        { factors },
        ...zones.map((keep) => ({ keep })),
        { keepCell },
        ...zones.map((keep) => ({ factors, keep, keepCell })),
      ];
      for (const each of regularisers)
        for (const mask of [undefined, maskOf(T)])
          for (const reverse of [false, true]) {
            test.reset();
            const input = recurrentInput(cell, { B, T, C: 3, H }, { ...each, mask, reverse });
            const where = `${Object.keys(each)}, ${mask ? 'masked' : 'whole'}, reverse ${reverse}`;
            expectRecurrent(runRecurrent(test, cell, input), recurrentReference(cell, input), bound, where);
          }
    });

    it.each([3, 4, 5, 17, 64])(
      '%i units, layer norm, within 2e-5, below 16 units 1e-4: T 1, 24 × batch 1, 3, 32',
      (H) => {
        for (const T of [1, 24])
          for (const B of [1, 3, 32]) {
            test.reset();
            const input = recurrentInput(cell, { B, T, C: 3, H }, { gains: gainsFor(cell, H) });
            const result = runRecurrent(test, cell, input);
            expectRecurrent(result, recurrentReference(cell, input), normBound(H), `T ${T}, batch ${B}`);
          }
      },
    );

    it('one unit, layer norm: its states (what is normalised has all but no slope)', () => {
      const input = recurrentInput(cell, { B: 5, T: 9, C: 3, H: 1 }, { gains: gainsFor(cell, 1) });
      const { y, hLast } = runRecurrent(test, cell, input);
      expectRecurrent({ y, hLast }, recurrentReference(cell, input), bound, 'one unit');
    });

    it.each([4, 5, 17])(
      '%i units, layer norm with everything else, and without biases, within the same',
      (H) => {
        const [B, T] = [5, 9];
        const factors = noise(B * H, 11).map((each) => (each < -0.5 ? 0 : 1.25));
        const keep = noise(T * B * H, 12).map((each) => (each < -0.5 ? 1 : 0));
        const keepCell = cell === 'lstm' ? new Float32Array(T * B * H).fill(0.3) : undefined;
        const none = { bias: undefined, recurrentBias: undefined, h0: undefined, c0: undefined };
        for (const each of [{}, none, { factors }, { keep }, { keepCell }, { factors, keep, keepCell }])
          for (const mask of [undefined, maskOf(T)])
            for (const reverse of [false, true]) {
              test.reset();
              const given = { ...each, mask, reverse, gains: gainsFor(cell, H) };
              const input = recurrentInput(cell, { B, T, C: 3, H }, given);
              const where = `${Object.keys(each)}, ${mask ? 'masked' : 'whole'}, reverse ${reverse}`;
              const result = runRecurrent(test, cell, input);
              expectRecurrent(result, recurrentReference(cell, input), normBound(H), where);
            }
      },
    );

    const functions: [ActivationName, ActivationName][] =
      cell === 'rnn'
        ? (
            ['linear', 'relu', 'sigmoid', 'elu', 'leakyRelu', 'softplus', 'swish', 'hardSigmoid'] as const
          ).map((name) => ['sigmoid', name])
        : [
            ['hardSigmoid', 'tanh'],
            ['sigmoid', 'linear'],
            ['sigmoid', 'relu'],
            ['hardSigmoid', 'elu'],
            ['tanh', 'leakyRelu'],
            ['sigmoid', 'hardSigmoid'],
          ];
    it.each(functions)('gates %s, cell %s (layer norm: 2e-4)', (gate, name) => {
      for (const H of [3, 17]) {
        test.reset();
        const given = { gate, cell: name, mask: maskOf(24) };
        const keep = new Float32Array(24 * 5 * H).fill(0.3);
        for (const each of [{}, { keep }, { gains: gainsFor(cell, H) }]) {
          const input = recurrentInput(cell, { B: 5, T: 24, C: 2, H }, { ...given, ...each });
          const where = `units ${H}, ${Object.keys(each)}`;
          // Functions without bounds let errors grow.
          const within = input.gains ? 2 * normBound(3) : bound;
          expectRecurrent(runRecurrent(test, cell, input), recurrentReference(cell, input), within, where);
        }
      }
    });
  });

  it.each([
    ['as it is', undefined],
    ['with recurrent dropout', noise(25, 11).map((each) => (each < 0 ? 0 : 2))],
  ])(
    `${cell} %s: states in the middle, as the last ones of the sequence cut there, within 1e-5`,
    (_, factors) => {
      const [B, T, C, H] = [5, 9, 2, 5];
      const mask = maskOf(T);
      const input = recurrentInput(cell, { B, T, C, H }, { mask, factors });
      const drops = factors ? test.garbage(test.kernels.recurrentDropsSize(B, T, H)) : 0;
      const workspace = test.garbage(
        (test.kernels[`${cell}Workspace`] as (...sizes: number[]) => number)(B, T, C, H),
      );
      runRecurrent(test, cell, input, { workspace, drops });
      for (const steps of [1, 4, T]) {
        const [h, c] = [test.garbage(B * H), cell === 'lstm' ? test.garbage(B * H) : 0];
        test.kernels.recurrentStates(B, T, C, H, ...layouts[cell], steps, drops, workspace, h, c);
        test.expectGuards();
        const short = { ...input, mask: mask.map((real, i) => (i % T < steps ? real : 0)) };
        const expected = recurrentReference(cell, short);
        expect(relativeError(test.get(h, B * H), expected.hLast)).toBeLessThanOrEqual(bound);
        if (c) expect(relativeError(test.get(c, B * H), expected.cLast)).toBeLessThanOrEqual(bound);
      }
    },
  );

  it(`${cell}: the same bits whatever stands in the workspace`, () => {
    for (const [H, mask, all] of [
      [5, undefined, false],
      [17, maskOf(9), false],
      [17, maskOf(9), true],
    ] as const) {
      const half = (count: number) => new Float32Array(count).fill(0.5);
      const [factors, keep] = all ? [half(5 * H), half(9 * 5 * H)] : [];
      const gains = all ? gainsFor(cell, H) : undefined;
      const given = { mask, factors, keep, gains, ...(cell === 'lstm' && { keepCell: keep }) };
      const input = recurrentInput(cell, { B: 5, T: 9, C: 2, H }, given);
      test.reset();
      const expected = runRecurrent(test, cell, input);
      for (const workspaceFill of [0, -3, 1e30, Number.NEGATIVE_INFINITY]) {
        test.reset();
        expect(runRecurrent(test, cell, input, { workspaceFill }), `${workspaceFill}`).toEqual(expected);
      }
    }
  });
}
