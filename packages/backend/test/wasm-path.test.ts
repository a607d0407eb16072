// In a file of its own, because tfjs-backend-wasm cannot be started again in a process where it failed.

import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { useBackend } from '../src/index.ts';

it('says from where the binary did not load, and what to do', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
  await expect(useBackend('wasm', { wasmPath: '/nowhere/' })).rejects.toThrow(
    /the WASM binary did not load from \/nowhere\/.*name their folder: useBackend\('wasm', \{ wasmPath/,
  );
  await expect(useBackend('wasm', { wasmPath: '/elsewhere/' })).rejects.toThrow('then reload');
  expect(() => tf.backend()).toThrow();
});
