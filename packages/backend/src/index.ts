export { type Fused, fuse, type LayeredModel, unfuse } from './fuse/fuse.ts';
export { type ActivationCode, activationCodes } from './kernels/activation-codes.ts';
export { type CurrentKernels, currentKernels } from './kernels/current-kernels.ts';
export type { KernelBuild, Kernels } from './kernels/load-kernels.ts';
export { type GruOptions, gru } from './ops/gru.ts';
export { lstm } from './ops/lstm.ts';
export type {
  CellVariant,
  GatedOptions,
  LayerNormGains,
  RecurrentActivation,
  RecurrentOptions,
  RecurrentResult,
  RecurrentWeights,
  StateName,
} from './ops/recurrent-call.ts';
export { rnn } from './ops/rnn.ts';
export {
  type Block,
  createPlan,
  type Plan,
  type PlanBuilder,
  type PlannedWeight,
  type Run,
  type Signal,
} from './plan/plan.ts';
export { registerGradients } from './tfjs/gradients.ts';
export { registerKernels } from './tfjs/kernels.ts';
export type { WasmPaths } from './tfjs/wasm.ts';
export {
  type Backend,
  type BackendName,
  type BackendOptions,
  useBackend,
} from './use-backend.ts';
