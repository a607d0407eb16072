// tfjs-core ships its gradients apart from its main entry, in a module that registers them when it is imported.
// This is the one place that imports it. Node cannot load that module as published (its imports have no file
// extensions), so the build bundles it (see tsup.config.ts) and Vitest inlines it (see vitest.config.ts).
// The registry is a process global, so the gradients serve every copy of tfjs-core.

import { getGradient, Transpose } from '@tensorflow/tfjs-core';

/** Registers the gradient of every tfjs-core kernel that has one. Does nothing where they are registered already. */
export async function registerGradients(): Promise<void> {
  if (getGradient(Transpose)) return;
  await import('@tensorflow/tfjs-core/dist/register_all_gradients');
}
