// A convolution and its gradients beside float64 loops.

import { expect } from 'vitest';
import type { Geometry } from '../reference/kernels.ts';
import * as reference from '../reference/kernels.ts';
import { geometryOf, noise, type Pad } from '../reference/support.ts';
import { biasError, convolutionNumbers } from './convolution-numbers.ts';
import { relativeError, type TestKernels } from './test-kernels.ts';

const size = (shape: number[]) => shape.reduce((product, each) => product * each, 1);

/** What a check may ask for beside the shapes. */
export interface Check {
  strides?: [number, number];
  pad?: Pad;
  dilations?: [number, number];
  /** Most error relative to the largest value. */
  bound?: number;
  /** What scratch is filled with; left out: with what no arithmetic makes. */
  scratch?: number;
  /** Inputs and gradients in (0, 1) instead of (−1, 1). */
  positive?: boolean;
}

/** Results of the kernels, each as it lay in the memory. */
export type Results = Record<'y' | 'bare' | 'dx' | 'dw' | 'db', Float32Array>;

/** Runs the kernels on noise and expects nothing written beside the results. */
export function runConvolution(
  test: TestKernels,
  geometry: Geometry,
  { scratch: fill, positive }: Check = {},
): Results & Record<'input' | 'weights' | 'bias' | 'gradient', Float32Array> {
  test.reset();
  const { kernels } = test;
  const numbers = convolutionNumbers(geometry);
  const { x, filter, out } = geometry;
  const K = filter[3];
  const outputs = x[0] * size(out) * K;
  const values = (count: number, seed: number) =>
    positive ? noise(count, seed).map((value) => (value + 1) / 2) : noise(count, seed);
  const [input, weights, bias, gradient] = [
    values(size(x), 1),
    noise(size(filter), 2),
    noise(K, 3),
    values(outputs, 4),
  ];
  const [xAt, wAt, biasAt, dyAt] = [input, weights, bias, gradient].map(test.put) as Four;
  const [y, bare, dx, dw, db] = [outputs, outputs, size(x), size(filter), K].map(test.garbage) as Five;
  const floats = kernels.convolutionScratch(...numbers);
  const scratch = test.garbage(floats);
  const refill = () => fill !== undefined && test.set(scratch, new Float32Array(floats).fill(fill));
  refill();
  kernels.convolution(xAt, wAt, biasAt, y, ...numbers, scratch);
  refill();
  kernels.convolution(xAt, wAt, 0, bare, ...numbers, scratch);
  refill();
  kernels.convolutionInputGradient(dyAt, wAt, dx, ...numbers, scratch);
  refill();
  kernels.convolutionFilterGradient(xAt, dyAt, dw, db, ...numbers, scratch);
  test.expectGuards();
  return {
    ...{ input, weights, bias, gradient },
    y: test.get(y, outputs),
    bare: test.get(bare, outputs),
    dx: test.get(dx, size(x)),
    dw: test.get(dw, size(filter)),
    db: test.get(db, K),
  };
}

type Four = [number, number, number, number];
type Five = [...Four, number];

/** Forward and all gradients beside float64 loops. */
export function checkConvolution(
  test: TestKernels,
  x: Geometry['x'],
  filter: Geometry['filter'],
  check: Check = {},
): void {
  const { strides = [1, 1], pad = 'valid', dilations = [1, 1], bound = 1e-6 } = check;
  const geometry = geometryOf(x, filter, strides, pad, dilations);
  const { input, weights, bias, gradient, ...got } = runConvolution(test, geometry, check);
  const name = JSON.stringify({ x, filter, strides, pad, dilations });
  const product = reference.conv2d(geometry, input, weights).data;
  const biased = product.map((value, i) => value + bias[i % filter[3]]!);
  expect(relativeError(got.y, biased), `y of ${name}`).toBeLessThan(bound);
  expect(relativeError(got.bare, product), `y of ${name}`).toBeLessThan(bound);
  const dx = reference.conv2dInputGradient(geometry, weights, gradient).data;
  expect(relativeError(got.dx, dx), `dx of ${name}`).toBeLessThan(bound);
  const dw = reference.conv2dFilterGradient(geometry, input, gradient).data;
  expect(relativeError(got.dw, dw), `dw of ${name}`).toBeLessThan(bound);
  expect(biasError(got.db, gradient), `db of ${name}`).toBeLessThan(3e-7);
}
