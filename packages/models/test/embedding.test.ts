// The embedding layer: its golden vectors on the tape and planned, its shapes, masks and refusals.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import { createModel, embedding, lstm, type ModelConfig, summarize } from '../src/index.ts';
import { runPlanned } from './planned.ts';
import { runTape, testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';

interface Golden {
  source: string;
  cases: {
    name: string;
    config: ModelConfig & { layers: { inputs: number }[] };
    batch: number;
    shape: number[];
    output: number[];
    gradients: Record<string, number[]>;
  }[];
}

const { source, cases } = JSON.parse(
  readFileSync(new URL('./golden/embedding.json', import.meta.url), 'utf8'),
) as Golden;

setUpBackend();

describe(`embedding: output and every gradient as in ${source}, relative error ≤ 1e-5`, () => {
  it.each(cases)('$name', ({ config, batch, shape, output, gradients }) => {
    const model = testModel(config);
    const xShape = [batch, ...(config.input as number[])];
    const count = xShape.reduce((product, size) => product * size, 1);
    const { inputs } = config.layers[0]!;
    const x = {
      data: valuesOf('x', count).map((value) => Math.floor(((value + 1) / 2) * inputs)),
      shape: xShape,
    };
    const passes = {
      tape: runTape(model, x),
      ...(testBackend === 'wasm' && {
        planned: runPlanned(model, x),
        'planned, with room for more': runPlanned(model, x, { capacity: 2 * batch }),
      }),
    };
    for (const [how, pass] of Object.entries(passes)) {
      expect(pass.shape).toEqual(shape);
      expect(relativeError(pass.output, output), `output, ${how}`).toBeLessThanOrEqual(1e-5);
      expect(Object.keys(pass.gradients)).toEqual(Object.keys(gradients));
      for (const [name, expected] of Object.entries(gradients)) {
        expect(
          relativeError(pass.gradients[name]!, expected),
          `gradient of ${name}, ${how}`,
        ).toBeLessThanOrEqual(1e-5);
      }
    }
    model.dispose();
  });
});

describe('embedding', () => {
  it('adds an axis to [T], takes the place of [T, 1], and refuses two codes a step', () => {
    const shapeFor = (input: (number | null)[]) =>
      summarize({ input, layers: [embedding({ inputs: 4, units: 3 })] }).rows.at(-1)!.outputShape;
    expect(shapeFor([6])).toEqual([6, 3]);
    expect(shapeFor([null, 1])).toEqual([null, 3]);
    expect(() => shapeFor([6, 2])).toThrow(
      'embedding: needs one code a step, [B, T, 1] or [B, T], got [B, 6, 2].',
    );
  });

  it.each([4, -1, 0.5, Number.NaN])('names the code %s, which is none of 0 … 3', (code) => {
    const model = createModel({ input: [2, 1], layers: [embedding({ inputs: 4, units: 3 })] });
    const x = { data: Float32Array.of(3, code), shape: [1, 2, 1] };
    const message = `embedding: a code must be a whole number from 0 to 3, got ${code}.`;
    expect(() => tf.tidy(() => model.apply(tf.tensor(x.data, x.shape)))).toThrow(message);
    if (testBackend === 'wasm') expect(() => model.infer!(x)).toThrow(message);
    model.dispose();
  });

  it('does not look at masked steps, whatever code stands there', () => {
    const layers = [embedding({ inputs: 4, units: 3 }), lstm({ units: 2 })];
    const model = createModel({ input: [null, 1], layers }, { seed: 1 });
    const run = (codes: number[], real: number[]) => {
      const x = { data: Float32Array.from(codes), shape: [1, codes.length, 1] };
      const mask = { data: Float32Array.from(real), shape: [1, codes.length] };
      const applied = tf.tidy(() =>
        model.apply(tf.tensor(x.data, x.shape), { mask: tf.tensor(mask.data, mask.shape) }).dataSync(),
      );
      return testBackend === 'wasm' ? [applied, model.infer!(x, mask)!.data] : [applied];
    };
    const alone = run([3, 1], [1, 1]);
    const padded = run([3, 99, 1, -7], [1, 0, 1, 0]);
    for (const [i, each] of padded.entries())
      expect(relativeError(each, alone[i]!)).toBeLessThanOrEqual(1e-6);
    model.dispose();
  });
});
