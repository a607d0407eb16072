// The one call that decides where tensors live. Everything else in Tidecast runs on whatever backend is current.

import type { KernelBuild } from './kernels/load-kernels.ts';
import { checkCopies } from './tfjs/copies.ts';
import { registerGradients } from './tfjs/gradients.ts';
import { startNative } from './tfjs/native.ts';
import { startWasm, type WasmPaths } from './tfjs/wasm.ts';

/** Where tensors live: in WebAssembly (Node and browsers), or in native TensorFlow (Node only). */
export type BackendName = 'wasm' | 'native';

export interface BackendOptions {
  /** Where the WASM binaries are, if not where they are found by themselves. Counts for the first start only. */
  wasmPath?: WasmPaths;
  /**
   * Plain SIMD also where the engine has relaxed SIMD, whose fused multiply-add is faster and rounds differently:
   * for the same numbers on every machine. Counts for the first start only; default false.
   */
  strict?: boolean;
}

/** What {@link useBackend} started. */
export interface Backend {
  name: BackendName;
  /** Version of tfjs-core. */
  version: string;
  /** WASM: whether the SIMD build runs. */
  simd?: boolean;
  /** WASM: which build of the training kernels runs; absent where the engine has no SIMD. */
  kernels?: KernelBuild;
  /** Native: version of TensorFlow. */
  tensorflow?: string;
  /** What is worth knowing: why `'auto'` did not take native, what lacks, or that tfjs-core is loaded twice. */
  notes: string[];
}

/**
 * Makes a TensorFlow.js backend the current one, ready for training: gradients and missing kernels are registered.
 * `'auto'` takes native TensorFlow where it loads and WASM elsewhere. Calling it again switches or does nothing;
 * tensors made on the other backend stay usable (tfjs moves them on first use).
 * @throws if the backend's package is absent or does not start, or if the versions of the tfjs packages differ.
 */
export function useBackend(
  name: BackendName | 'auto' = 'auto',
  options: BackendOptions = {},
): Promise<Backend> {
  const next = last.then(() => start(name, options));
  last = next.catch(() => {});
  return next;
}

/** Starts follow one another: tfjs gives up a start when another one begins. */
let last: Promise<unknown> = Promise.resolve();

async function start(name: BackendName | 'auto', options: BackendOptions): Promise<Backend> {
  if (name !== 'auto' && name !== 'wasm' && name !== 'native') {
    throw new Error(`useBackend: name must be 'wasm', 'native' or 'auto', got '${name}'.`);
  }
  const notes: string[] = [];
  let backend: Omit<Backend, 'notes'>;
  if (name === 'wasm') {
    backend = await startWasm(options);
  } else {
    try {
      backend = await startNative();
    } catch (error) {
      if (name === 'native') throw error;
      notes.push(`WASM, because native TensorFlow did not start: ${(error as Error).message}`);
      backend = await startWasm(options);
    }
  }
  if (backend.name === 'wasm' && !backend.kernels) {
    notes.push(
      'This engine has no WebAssembly SIMD: convolutions and pooling have no gradients, planned steps do not run.',
    );
  }
  await registerGradients();
  notes.push(...checkCopies());
  return { ...backend, notes };
}
