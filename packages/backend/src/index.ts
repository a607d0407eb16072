export { type CurrentKernels, currentKernels } from './kernels/current-kernels.ts';
export type { KernelBuild, Kernels } from './kernels/load-kernels.ts';
export { registerGradients } from './tfjs/gradients.ts';
export { registerKernels } from './tfjs/kernels.ts';
export type { WasmPaths } from './tfjs/wasm.ts';
export {
  type Backend,
  type BackendName,
  type BackendOptions,
  useBackend,
} from './use-backend.ts';
