// The layers of image networks beside PyTorch: outputs, every gradient and the statistics, on the tape and planned.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import type { Model, ModelConfig } from '../src/index.ts';
import { runPlanned } from './planned.ts';
import { type Pass, runTape, testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';

interface Case extends Omit<Pass, 'output' | 'gradients' | 'statistics'> {
  name: string;
  config: ModelConfig;
  batch: number;
  /** True where it ran as while training. */
  trained: boolean;
  output: number[];
  gradients: Record<string, number[]>;
  statistics: Record<string, number[]>;
}

setUpBackend();

const planned = testBackend === 'wasm' ? '' : ' (skipped: plans run on WASM only)';

/** A model with the weights and statistics of the golden vectors. */
function modelOf({ config, trained }: Case): Model {
  const model = testModel(config);
  if (trained) return model;
  for (const [name, variable] of Object.entries(model.statistics ?? {})) {
    const half = valuesOf(name, variable.size).map((value) => value / 2);
    const values = name.endsWith('variance') ? half.map((value) => value * value + 0.1) : half;
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return model;
}

function expectSame(got: Pass, { shape, output, gradients, statistics }: Case) {
  expect(got.shape).toEqual(shape);
  expect(relativeError(got.output, output), 'output').toBeLessThanOrEqual(1e-5);
  expect(Object.keys(got.gradients)).toEqual(Object.keys(gradients));
  // A gradient that is nothing but rounding, such as that of a bias before batch norm, is judged by the size of the others.
  for (const [name, values] of Object.entries(gradients)) {
    const zero = values.every((value) => Math.abs(value) < 1e-12);
    const error = zero
      ? Math.max(...got.gradients[name]!.map(Math.abs)) / 10
      : relativeError(got.gradients[name]!, values);
    expect(error, `gradient of ${name}`).toBeLessThanOrEqual(1e-5);
  }
  expect(Object.keys(got.statistics)).toEqual(Object.keys(statistics));
  for (const [name, values] of Object.entries(statistics)) {
    expect(relativeError(got.statistics[name]!, values), name).toBeLessThanOrEqual(1e-5);
  }
}

for (const file of ['convolutions', 'blocks']) {
  const { source, cases } = JSON.parse(
    readFileSync(new URL(`./golden/${file}.json`, import.meta.url), 'utf8'),
  ) as { source: string; cases: Case[] };
  const inputOf = ({ batch, config }: Case) => {
    const shape = [batch, ...(config.input as number[])];
    const count = shape.reduce((product, size) => product * size, 1);
    return { data: valuesOf('x', count), shape };
  };

  describe(`${file}: output, gradients and statistics as in ${source}, relative error ≤ 1e-5`, () => {
    it.each(cases)('$name', (each) => {
      const model = modelOf(each);
      expectSame(runTape(model, inputOf(each), { training: each.trained, seed: 1 }), each);
      model.dispose();
    });

    it.skipIf(planned)(`planned${planned}`, () => {
      for (const each of cases) {
        const model = modelOf(each);
        const x = inputOf(each);
        const options = { training: each.trained, seed: 1 };
        const tape = runTape(model, x, options);
        for (const capacity of [each.batch, each.batch + 2]) {
          const pass = runPlanned(model, x, { ...options, capacity });
          try {
            expectSame(pass, each);
          } catch (error) {
            throw new Error(`${each.name}: ${(error as Error).message}`, { cause: error });
          }
        }
        if (!each.trained) {
          expect(relativeError(model.infer!(x)!.data, tape.output), each.name).toBeLessThanOrEqual(1e-5);
        }
        model.dispose();
      }
    });
  });
}
