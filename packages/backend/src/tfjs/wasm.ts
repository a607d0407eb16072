// Boots tfjs-backend-wasm: imports it on demand, tells it where its binaries are, and adds the kernels it lacks.

import * as tf from '@tensorflow/tfjs-core';
import { checkVersion } from './copies.ts';
import { registerKernels } from './kernels.ts';
import { nodeProcess } from './runtime.ts';
import { wasmFiles } from './wasm-files.ts';

/** Addresses of the WASM binaries: the folder that holds them (with its last slash), or one for each file. */
export type WasmPaths = string | Record<'tfjs-backend-wasm.wasm' | 'tfjs-backend-wasm-simd.wasm', string>;

/**
 * Makes WASM the current backend.
 * @throws if tfjs-backend-wasm is absent, of another version than tfjs-core, or its binary cannot be read.
 */
export async function startWasm({ wasmPath, strict = false }: { wasmPath?: WasmPaths; strict?: boolean }) {
  const wasm = await importWasm();
  checkVersion('@tensorflow/tfjs-backend-wasm', wasm.version_wasm);
  if (!('wasm' in tf.engine().registry)) {
    // In Node the package finds its own files; a page has to be told.
    const paths = wasmPath ?? (nodeProcess() ? undefined : wasmFiles());
    // The threaded build hangs in bundled pages (it makes workers from the text of a function that bundlers change),
    // and networks of the size of ours gain nothing from it. One backend for each worker does.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
    await boot(wasm, paths);
  }
  await tf.setBackend('wasm');
  const kernels = await registerKernels({ strict });
  return {
    name: 'wasm' as const,
    version: tf.version_core,
    simd: (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) as boolean,
    ...(kernels && { kernels }),
  };
}

/** The first start. Where it fails, the backend that was current stays so. */
async function boot(wasm: Awaited<ReturnType<typeof importWasm>>, paths?: WasmPaths): Promise<void> {
  const before = tf.engine().backendName;
  let started = false;
  try {
    // Refuses after a start that failed, until the page is loaded again.
    if (paths) wasm.setWasmPaths(withThreaded(paths));
    started = await tf.setBackend('wasm');
  } catch {}
  if (started) return;
  if (before && before !== 'wasm') await tf.setBackend(before);
  throw new Error(explain(paths));
}

async function importWasm() {
  try {
    return await import('@tensorflow/tfjs-backend-wasm');
  } catch (error) {
    throw new Error(
      `useBackend: 'wasm' needs @tensorflow/tfjs-backend-wasm, which could not be imported. Run npm install @tensorflow/tfjs-backend-wasm@${tf.version_core}.`,
      { cause: error },
    );
  }
}

/** tfjs asks for an address of its threaded build too, which is never loaded. */
function withThreaded(paths: WasmPaths) {
  if (typeof paths === 'string') return paths;
  return { ...paths, 'tfjs-backend-wasm-threaded-simd.wasm': paths['tfjs-backend-wasm-simd.wasm'] };
}

function explain(paths?: WasmPaths): string {
  const where = typeof paths === 'string' ? paths : paths?.['tfjs-backend-wasm-simd.wasm'];
  return (
    `useBackend: the WASM binary did not load${where ? ` from ${where}` : ''}. ` +
    'Serve tfjs-backend-wasm.wasm and tfjs-backend-wasm-simd.wasm of @tensorflow/tfjs-backend-wasm/dist and name their folder: ' +
    "useBackend('wasm', { wasmPath: '/wasm/' }), then reload."
  );
}
