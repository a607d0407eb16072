import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { registerKernels, useBackend } from '../src/index.ts';
import { hasRelaxedSimd } from '../src/kernels/load-kernels.ts';
import { checkCopies, checkVersion } from '../src/tfjs/copies.ts';
import { hasNative, needsNative } from './native.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('registers kernels only once the backend has started', async () => {
  await expect(registerKernels()).rejects.toThrow(
    "must have started, got none. Await tf.setBackend('wasm') before",
  );
});

describe('wasm', () => {
  it('starts when asked twice at once', async () => {
    const both = await Promise.all([useBackend('wasm'), useBackend('wasm')]);
    expect(both.map((backend) => backend.name)).toEqual(['wasm', 'wasm']);
  });

  it('starts SIMD WASM and says so', async () => {
    const backend = await useBackend('wasm');
    const kernels = hasRelaxedSimd() ? 'relaxed' : 'simd';
    expect(backend).toEqual({ name: 'wasm', version: tf.version_core, simd: true, kernels, notes: [] });
    expect(tf.getBackend()).toBe('wasm');
  });

  it('may be called again: no warning, no kernel registered twice', async () => {
    await useBackend('wasm');
    const warn = vi.spyOn(console, 'warn');
    const kernels = tf.getKernelsForBackend('wasm');
    await Promise.all([useBackend('wasm'), useBackend('wasm')]);
    await registerKernels();
    expect(tf.getKernelsForBackend('wasm')).toEqual(kernels);
    expect(warn).not.toHaveBeenCalled();
  });

  it('keeps a kernel that somebody else registered before', async () => {
    await useBackend('wasm');
    const ours = tf.getKernel('UnsortedSegmentSum', 'wasm');
    tf.unregisterKernel('UnsortedSegmentSum', 'wasm');
    const theirs = { ...ours, kernelFunc: () => [] };
    tf.registerKernel(theirs);
    await registerKernels();
    expect(tf.getKernel('UnsortedSegmentSum', 'wasm')).toBe(theirs);
    tf.unregisterKernel('UnsortedSegmentSum', 'wasm');
    await registerKernels();
    expect(tf.getKernel('UnsortedSegmentSum', 'wasm').kernelFunc).toBe(ours.kernelFunc);
  });

  it('registers a gradient for what networks are made of', async () => {
    await useBackend('wasm');
    const names = [tf.BatchMatMul, tf.Conv2D, tf.DepthwiseConv2dNative, tf.GatherV2, tf.Sigmoid, tf.Tanh];
    names.push(
      tf.Softmax,
      tf.MaxPool,
      tf.AvgPool,
      tf.SplitV,
      tf.Concat,
      tf.Slice,
      tf.Pack,
      tf.Unpack,
      tf.Sum,
    );
    expect(names.filter((name) => !tf.getGradient(name))).toEqual([]);
  });

  it('has the methods that two gradients of tfjs-core call', async () => {
    await useBackend('wasm');
    const x = tf.tensor1d([2, 3, 4]);
    const gradient = tf.grad((a: tf.Tensor) => tf.prod(a))(x);
    expect([...gradient.dataSync()]).toEqual([12, 8, 6]);
    const table = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
    const ids = tf.tensor2d([0, 2, 1, 1], [2, 2], 'int32');
    const gathered = tf.grad((a: tf.Tensor) => tf.gather(a, ids, 1, 1))(table);
    expect([...gathered.dataSync()]).toEqual([1, 0, 1, 0, 2, 0]);
    tf.dispose([x, gradient, table, ids, gathered]);
  });

  it('trains variables and leaves no tensor behind', async () => {
    await useBackend('wasm');
    const before = tf.memory().numTensors;
    const x = tf.linspace(-1, 1, 16);
    const w = tf.tidy(() => tf.variable(tf.scalar(0)));
    const optimizer = tf.train.sgd(0.5);
    for (let step = 0; step < 40; step++) {
      optimizer.minimize(() => tf.mean(tf.square(tf.sub(tf.mul(w, x), tf.mul(3, x)))));
    }
    expect(w.dataSync()[0]).toBeCloseTo(3, 5);
    tf.dispose([x, w]);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('errors say what to do', () => {
  it('refuses another name', async () => {
    const run = useBackend('webgl' as 'wasm');
    await expect(run).rejects.toThrow("useBackend: name must be 'wasm', 'native' or 'auto', got 'webgl'.");
  });

  it('native is not installed', async () => {
    mockRequire({ code: 'MODULE_NOT_FOUND', message: "Cannot find module '@tensorflow/tfjs-node'" });
    await expect(useBackend('native')).rejects.toThrow(
      'which is not installed. Run npm install @tensorflow/tfjs-node@4.22.0',
    );
  });

  it('native is installed but not built', async () => {
    mockRequire({ message: 'The Node.js native addon module can not be found at path: x\nPlease run' });
    await expect(useBackend('native')).rejects.toThrow(
      /does not load \(The Node.js native addon module can not be found at path: x\).*npm rebuild.*build-native/,
    );
  });

  it("'auto' takes WASM then, and says why", async () => {
    mockRequire({ code: 'MODULE_NOT_FOUND', message: "Cannot find module '@tensorflow/tfjs-node'" });
    const backend = await useBackend('auto');
    expect(backend.name).toBe('wasm');
    expect(backend.notes).toEqual([expect.stringContaining('not installed')]);
  });

  it('another version of tfjs-core', () => {
    expect(() => checkVersion('@tensorflow/tfjs-backend-wasm', '4.21.0')).toThrow(
      `useBackend: @tensorflow/tfjs-backend-wasm 4.21.0 needs @tensorflow/tfjs-core 4.21.0, got ${tf.version_core}.`,
    );
  });

  it('two copies of tfjs-core', async () => {
    await useBackend('wasm');
    expect(checkCopies()).toEqual([]);
    const foreign = new Proxy(tf.backend(), { getPrototypeOf: () => Object.prototype });
    vi.spyOn(tf.engine(), 'backend', 'get').mockReturnValue(foreign);
    expect(checkCopies()).toEqual([expect.stringContaining('loaded twice: the backend package')]);
  });
});

it('puts back what Node 23 removed from util, and only that', async () => {
  const isArray = () => true;
  const util: Record<string, unknown> = { isArray };
  mockRequire({ message: 'no' }, util);
  await expect(useBackend('native')).rejects.toThrow('does not load (no)');
  expect(util.isArray).toBe(isArray);
  const isNullOrUndefined = util.isNullOrUndefined as (value: unknown) => boolean;
  expect([undefined, null, 0, ''].map(isNullOrUndefined)).toEqual([true, true, false, false]);
});

describe.skipIf(!hasNative)(`native${needsNative}`, () => {
  it('starts TensorFlow and says its version', async () => {
    const backend = await useBackend('native');
    expect(backend).toMatchObject({ name: 'native', version: tf.version_core, notes: [] });
    expect(backend.tensorflow).toMatch(/^2\.\d+/);
    expect(tf.getBackend()).toBe('tensorflow');
  });

  it("is what 'auto' takes", async () => {
    expect((await useBackend()).name).toBe('native');
  });

  it('switches back and forth in one process, and tensors move along', async () => {
    await useBackend('wasm');
    const x = tf.tensor1d([1, 2, 3]);
    await useBackend('native');
    const y = tf.square(x);
    await useBackend('wasm');
    const z = tf.add(x, y);
    expect([...z.dataSync()]).toEqual([2, 6, 12]);
    tf.dispose([x, y, z]);
  });
});

/** Lets `require` inside the native loader fail with `error`, and hands it `util`. */
function mockRequire(error: { code?: string; message: string }, util: object = {}) {
  const require = () => {
    throw Object.assign(new Error(error.message), { code: error.code });
  };
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
    name === 'node:module' ? { createRequire: () => require } : util) as typeof process.getBuiltinModule);
}
