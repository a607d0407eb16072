// tfjs-core ships its gradients apart from its main entry, in a module that registers them when it is imported.
// This is the one place that imports it. Node cannot load that module as published (its imports have no file
// extensions), so the build bundles it (see tsup.config.ts) and Vitest inlines it (see vitest.config.ts).
// The registry is a process global, so the gradients serve every copy of tfjs-core.

import { getGradient, reshape, slice, split, Tensor, Transpose } from '@tensorflow/tfjs-core';
import { repairGradients } from './gradient-repairs.ts';

/**
 * Registers the gradient of every tfjs-core kernel that has one, where they are not registered already, and repairs
 * those of broadcast operands, of `cumsum` and of dilated convolutions. May be called again; {@link useBackend} calls it.
 */
export async function registerGradients(): Promise<void> {
  chainOperations();
  if (!getGradient(Transpose)) await import('@tensorflow/tfjs-core/dist/register_all_gradients');
  repairGradients();
}

/**
 * The gradients of `prod` and of batched `gather` call three operations as methods of a tensor. tfjs-core alone
 * gives tensors no such methods.
 */
function chainOperations(): void {
  const tensor = Tensor.prototype as unknown as Record<string, unknown>;
  tensor.reshape ??= function (this: Tensor, shape: number[]) {
    return reshape(this, shape);
  };
  tensor.slice ??= function (this: Tensor, begin: number | number[], size?: number | number[]) {
    return slice(this, begin as number[], size as number[]);
  };
  tensor.split ??= function (this: Tensor, sizes: number | number[], axis?: number) {
    return split(this, sizes, axis);
  };
}
