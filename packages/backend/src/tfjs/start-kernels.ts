// Gives the kernels the memory of tfjs-backend-wasm and its allocator.

import * as tf from '@tensorflow/tfjs-core';
import { type CurrentKernels, currentKernels, setKernels } from '../kernels/current-kernels.ts';
import { loadKernels } from '../kernels/load-kernels.ts';

/** What is used of tfjs's BackendWasm beside tensors. */
interface WasmInternals {
  wasm: {
    asm: { memory?: WebAssembly.Memory };
    _malloc(bytes: number): number;
    _free(address: number): void;
    tfjs: {
      registerTensor(id: number, size: number, memoryOffset: number): void;
      disposeData(id: number): void;
    };
  };
  dataIdMap: { get(dataId: object): { id: number; memoryOffset: number; shape: number[] } };
  refCount(dataId: object): number;
}

/**
 * Loads the kernels for the running WASM backend, once: the first call decides about `strict`.
 * @returns undefined where the engine has no SIMD.
 * @throws if the backend has not started, or is tfjs's threaded build, whose memory is shared.
 */
export async function startKernels(strict: boolean): Promise<CurrentKernels | undefined> {
  const backend = tf.engine().registry.wasm as unknown as WasmInternals | undefined;
  if (!backend) {
    throw new Error(
      "registerKernels: the backend 'wasm' must have started, got none. Await tf.setBackend('wasm') before, or useBackend('wasm').",
    );
  }
  if (!(await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT'))) return undefined;
  const { wasm, dataIdMap } = backend;
  const { memory } = wasm.asm;
  if (!memory) {
    throw new Error(
      "registerKernels: the backend 'wasm' must run one thread, got tfjs's threaded build. " +
        "Call tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false) before it starts.",
    );
  }
  const present = currentKernels();
  if (present?.memory === memory) return present;
  const kernels: CurrentKernels = {
    ...(await loadKernels(memory, strict)),
    memory,
    allocate(bytes) {
      const address = wasm._malloc(bytes);
      if (address === 0) throw new Error(`backend: WASM memory has no room for ${bytes} more bytes.`);
      return address;
    },
    release: (address) => wasm._free(address),
    owns: ({ dataId }) => backend.refCount(dataId) === 1,
    addressOf: ({ dataId }) => dataIdMap.get(dataId).memoryOffset,
    changed({ dataId }) {
      // XNNPACK packs the weights of convolutions anew for its own use, and keeps them as long as their tensor is known.
      const { id, memoryOffset, shape } = dataIdMap.get(dataId);
      wasm.tfjs.disposeData(id);
      wasm.tfjs.registerTensor(id, tf.util.sizeFromShape(shape), memoryOffset);
    },
  };
  setKernels(kernels);
  return kernels;
}
