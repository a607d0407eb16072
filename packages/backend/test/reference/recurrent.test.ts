import { describe, expect, it } from 'vitest';
import type { ActivationName } from './activations.ts';
import { cellNames, gainsOf, gatesOf, type RecurrentInput, recurrentReference } from './recurrent.ts';
import { noise } from './support.ts';

const [B, T, C, H] = [3, 5, 2, 3] as const;
const step = 1e-6;

/** Row 0 is padded on the right, row 1 on the left and inside, row 2 has no real step. */
const mask = [1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0];

function inputOf(
  gates: number,
  { gate, cell }: { gate: ActivationName; cell: ActivationName },
  extra: Partial<RecurrentInput>,
): RecurrentInput {
  const numbers = (count: number, seed: number) => Float64Array.from(noise(count, seed));
  return {
    ...{ B, T, C, H, gate, cell },
    x: numbers(B * T * C, 1),
    kernel: numbers(C * gates * H, 2),
    recurrent: numbers(H * gates * H, 3),
    bias: numbers(gates * H, 4),
    recurrentBias: numbers(gates * H, 5),
    h0: numbers(B * H, 6),
    c0: numbers(B * H, 7),
    dy: numbers(B * T * H, 8),
    dhLast: numbers(B * H, 9),
    dcLast: numbers(B * H, 10),
    ...extra,
  };
}

const given = ['x', 'kernel', 'recurrent', 'bias', 'recurrentBias', 'gains', 'h0', 'c0'] as const;

for (const name of cellNames) {
  const functions: { gate: ActivationName; cell: ActivationName }[] = [
    { gate: 'sigmoid', cell: 'tanh' },
    { gate: 'hardSigmoid', cell: 'relu' },
    { gate: 'sigmoid', cell: 'elu' },
    { gate: 'tanh', cell: 'leakyRelu' },
    { gate: 'linear', cell: 'tanh' },
    { gate: 'sigmoid', cell: 'softplus' },
    { gate: 'sigmoid', cell: 'swish' },
  ];
  const norm = { gains: Float64Array.from(noise(gainsOf(name) * H, 11), (each) => 1 + each / 2) };
  describe(`${name}: gradients within 1e-8 (layer norm: 1e-7) of central differences, relative to the largest`, () => {
    for (const { gate, cell } of functions)
      for (const extra of [
        {},
        { reverse: true },
        { mask },
        { mask, reverse: true },
        norm,
        { mask, ...norm },
      ]) {
        it(`${gate}, ${cell}${Object.keys(extra).map((each) => `, ${each}`)}`, () => {
          const input = inputOf(gatesOf(name), { gate, cell }, extra);
          const result = recurrentReference(name, input);
          const loss = () => {
            const { y, hLast, cLast } = recurrentReference(name, input);
            const dot = (a: Float64Array, d: ArrayLike<number>) =>
              a.reduce((s, each, i) => s + each * d[i]!, 0);
            return (
              dot(y, input.dy!) +
              dot(hLast, input.dhLast!) +
              (name === 'lstm' ? dot(cLast, input.dcLast!) : 0)
            );
          };
          for (const which of given) {
            if (which === 'recurrentBias' && name !== 'gru') continue;
            if (which === 'c0' && name !== 'lstm') continue;
            if (which === 'gains' && !input.gains) continue;
            const values = input[which] as Float64Array;
            const gradient = result[`d${which}`];
            const differences = values.map((value, i) => {
              values[i] = value + step;
              const above = loss();
              values[i] = value - step;
              const below = loss();
              values[i] = value;
              return (above - below) / (2 * step);
            });
            const scale = Math.max(...differences.map(Math.abs));
            const worst = Math.max(...gradient.map((each, i) => Math.abs(each - differences[i]!)));
            expect(gradient.length, which).toBe(values.length);
            expect(scale, which).toBeGreaterThan(0.01);
            // Rows that vary little are steep under layer norm.
            expect(worst / scale, which).toBeLessThan(input.gains ? 1e-7 : 1e-8);
          }
        });
      }
  });
}
