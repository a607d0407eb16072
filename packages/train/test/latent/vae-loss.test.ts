// The loss of variational autoencoders beside PyTorch, on the tape and planned.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import { createLoss, type VaeLossSettings, vaeLoss } from '../../src/index.ts';
import { plannedLoss } from '../losses/planned.ts';

setUpBackend();

interface Case {
  name: string;
  settings: VaeLossSettings;
  output: NdArray;
  y: NdArray;
  weight?: NdArray;
  value: number;
  gradient: number[];
}
const { source, cases } = JSON.parse(
  readFileSync(new URL('./golden/vae-loss.json', import.meta.url), 'utf8'),
) as { source: string; cases: Case[] };

const only = testBackend === 'wasm' ? it : it.skip;
const why = testBackend === 'wasm' ? '' : ' (skipped: plans run on WASM only)';

/** The largest difference, relative to the largest expected number. */
function relative(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  const largest = Array.from(expected).reduce((most, each) => Math.max(most, Math.abs(each)), 0);
  return (
    Array.from(expected).reduce((most, each, i) => Math.max(most, Math.abs(got[i]! - each)), 0) / largest
  );
}

describe(`vaeLoss: value and gradient as in ${source}, relative error ≤ 2e-6`, () => {
  it.each(cases)('on the tape: $name', ({ settings, output, y, weight, value, gradient }) => {
    const loss = createLoss(JSON.parse(JSON.stringify(vaeLoss(settings).config)));
    const tensor = ({ data, shape }: NdArray) => tf.tensor(data, shape, 'float32');
    const got = { value: 0, gradient: new Float32Array() };
    tf.tidy(() => {
      const run = tf.valueAndGrad((o: tf.Tensor) => loss.apply(o, tensor(y), weight && tensor(weight)));
      const result = run(tensor(output));
      got.value = result.value.dataSync<'float32'>()[0]!;
      got.gradient = result.grad.dataSync<'float32'>().slice();
    });
    expect(Math.abs(got.value / value - 1)).toBeLessThanOrEqual(2e-6);
    expect(relative(got.gradient, gradient)).toBeLessThanOrEqual(2e-6);
  });

  only.each(cases)(`planned: $name${why}`, ({ settings, output, y, weight, value, gradient }) => {
    const got = plannedLoss(vaeLoss(settings), output, y, weight);
    expect(Math.abs(got.value / value - 1)).toBeLessThanOrEqual(2e-6);
    expect(relative(got.gradient, gradient)).toBeLessThanOrEqual(2e-6);
  });
});

describe('vaeLoss', () => {
  it('refuses outputs of another size, and settings out of bounds', () => {
    const apply = () => tf.tidy(() => vaeLoss({ latent: 2 }).apply(tf.zeros([3, 8]), tf.zeros([3, 5])));
    expect(apply).toThrow(
      "for 5 targets (0 of them classes) and 2 latent variables the model's output must be [B, 9], got [B, 8].",
    );
    expect(() => vaeLoss({ latent: 0 })).toThrow('vaeLoss: latent must be a whole number at least 1, got 0.');
    expect(() => vaeLoss({ latent: 1, sigma: 0 })).toThrow(
      'vaeLoss: sigma must be a finite number greater than 0',
    );
    expect(() => vaeLoss({ latent: 1, reconstruction: 'mse' as never })).toThrow(
      "vaeLoss: reconstruction must be one of gaussian, bernoulli, got 'mse'.",
    );
    expect(() => vaeLoss({ latent: 1, only: 'positives' })).toThrow(
      "only 'positives' needs one class, yes or no, got 0.",
    );
  });
});
