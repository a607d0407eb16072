// Losses beyond the pointwise ones against PyTorch, on the tape and planned.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import { createLoss, type Loss, type LossConfig } from '../../src/index.ts';
import golden from './golden/golden.json' with { type: 'json' };
import { plannedLoss } from './planned.ts';

interface GoldenCase {
  config: LossConfig;
  targets: 'y' | 'labels' | 'probabilities';
  weighted: boolean;
  output: { data: number[]; shape: number[] };
  value: number;
  gradient: number[];
}

setUpBackend();

const array = ({ data, shape }: GoldenCase['output']): NdArray => ({ data: Float32Array.from(data), shape });
const cases = golden.cases as unknown as GoldenCase[];

/** Value and gradient on the tape. */
function taped(loss: Loss, output: NdArray, y: NdArray, weight?: NdArray) {
  return tf.tidy(() => {
    const tensor = (from: NdArray) => tf.tensor(from.data, from.shape);
    const { value, grad } = tf.valueAndGrad((o: tf.Tensor) =>
      loss.apply(o, tensor(y), weight && tensor(weight)),
    )(tensor(output));
    return { value: value.dataSync()[0]!, gradient: grad.dataSync().slice() as Float32Array };
  });
}

const paths = testBackend === 'wasm' ? { tape: taped, planned: plannedLoss } : { tape: taped };

describe.each(Object.entries(paths))('%s', (_, run) => {
  it.each(
    cases.map((each) => [`${JSON.stringify(each.config)}${each.weighted ? ' weighted' : ''}`, each] as const),
  )(
    '%s: value and gradient agree with PyTorch within 2e-6 of the largest',
    (_name, { config, targets, weighted, output, value, gradient }) => {
      const loss = createLoss(config);
      const got = run(
        loss,
        array(output),
        array(golden[targets]),
        weighted ? array(golden.weight) : undefined,
      );
      expect(Math.abs(got.value - value)).toBeLessThan(2e-6 * Math.max(1, Math.abs(value)));
      const largest = Math.max(...gradient.map(Math.abs));
      expect(got.gradient).toHaveLength(gradient.length);
      gradient.forEach((slope, i) => {
        expect(Math.abs(got.gradient[i]! - slope), `gradient ${i}`).toBeLessThan(2e-6 * Math.max(1, largest));
      });
    },
  );

  it.each([...new Map(cases.map((each) => [JSON.stringify(each.config), each])).entries()])(
    '%s: stays finite for outputs and targets of ±1e4, value and gradient',
    (_name, { config, output, targets }) => {
      const loss = createLoss(config);
      const extremes = [-1e4, 0, 1e4, -30, 1e4, 30, -1e4];
      const fill = (size: number, of: readonly number[]) =>
        Float32Array.from({ length: size }, (_, i) => of[i % of.length]!);
      const { shape } = golden[targets];
      const size = shape.reduce((product, each) => product * each, 1);
      const y = { data: fill(size, targets === 'y' ? [1e4, -1e4, 0, 5, -1e4] : [0, 1, 1]), shape };
      const got = run(loss, { data: fill(output.data.length, extremes), shape: output.shape }, y);
      expect(Number.isFinite(got.value)).toBe(true);
      expect(got.gradient.every(Number.isFinite)).toBe(true);
    },
  );
});
