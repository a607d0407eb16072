// Loads @tensorflow/tfjs-node, an optional peer: Node only, on demand, and out of sight of bundlers.

import * as tf from '@tensorflow/tfjs-core';
import { checkVersion } from './copies.ts';
import { mendConvolutions } from './native/convolutions.ts';
import { nativeRecurrentKernels } from './native/recurrent.ts';
import { nodeProcess } from './runtime.ts';

const packageName = '@tensorflow/tfjs-node';

/** What is used of tfjs-node; its own types would pull in all of tfjs. */
interface TfjsNode {
  version: { 'tfjs-core': string };
}

/**
 * Makes native TensorFlow the current backend.
 * @throws outside Node, and where tfjs-node is not installed or its binding is not built.
 */
export async function startNative() {
  const process = nodeProcess();
  if (!process) throw new Error("useBackend: 'native' needs Node, and this is a browser. Use 'wasm'.");
  const { createRequire } = process.getBuiltinModule('node:module');
  restoreUtil(process);
  // TensorFlow's C++ side logs to stderr unless told otherwise before it loads. 2: errors only.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const before = tf.engine().backendName;
  let node: TfjsNode;
  try {
    node = createRequire(import.meta.url)(packageName) as TfjsNode;
  } catch (error) {
    throw new Error(explain(error as NodeJS.ErrnoException), { cause: error });
  }
  try {
    checkVersion(packageName, node.version['tfjs-core']);
  } catch (error) {
    // Importing tfjs-node makes it current. It stays as it was when it is refused.
    if (before) await tf.setBackend(before);
    throw error;
  }
  if (!(await tf.setBackend('tensorflow'))) throw new Error('useBackend: native TensorFlow did not start.');
  mendConvolutions();
  for (const [kernelName, kernelFunc] of Object.entries(nativeRecurrentKernels)) {
    if (!tf.getKernel(kernelName, 'tensorflow')) {
      tf.registerKernel({ kernelName, backendName: 'tensorflow', kernelFunc });
    }
  }
  const { binding } = tf.backend() as tf.KernelBackend & { binding?: { TF_Version?: string } };
  return { name: 'native' as const, version: tf.version_core, tensorflow: binding?.TF_Version ?? 'unknown' };
}

/** Node 23 removed two functions of `util` that tfjs-node 4.22 calls. Puts them back where they are missing. */
function restoreUtil(process: NodeJS.Process): void {
  const util = process.getBuiltinModule('node:util') as unknown as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
}

function explain(error: NodeJS.ErrnoException): string {
  const absent = error.code === 'MODULE_NOT_FOUND' && error.message.includes(`'${packageName}'`);
  if (absent) {
    return `useBackend: 'native' needs ${packageName}, which is not installed. Run npm install ${packageName}@${tf.version_core}, or use 'wasm'.`;
  }
  const reason = error.message.split('\n')[0]!.trim();
  return (
    `useBackend: ${packageName} is installed but does not load (${reason}). Build its binding with ` +
    `npm rebuild ${packageName}, or, where that cannot download libtensorflow, from the libtensorflow of a pip wheel ` +
    "(scripts/build-native.mjs in Tidecast's repository). Or use 'wasm'."
  );
}
