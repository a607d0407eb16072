// tfjs-core keeps its engine and registries in process globals, so a second copy works until its version differs
// or until somebody's own code compares classes. Both are found here, when a backend starts.

import * as tf from '@tensorflow/tfjs-core';

/** Says in a sentence each what is loaded twice; empty where all is well. */
export function checkCopies(): string[] {
  const notes: string[] = [];
  const probe = tf.scalar(0);
  // The copy that was loaded first made the engine, and the engine makes tensors of its own class.
  const ownsEngine = Object.getPrototypeOf(probe) === tf.Tensor.prototype;
  probe.dispose();
  if (!ownsEngine) notes.push(twice('your code'));
  const inherited = Object.prototype.isPrototypeOf.call(tf.KernelBackend.prototype, tf.backend());
  if (!inherited) notes.push(twice('the backend package'));
  return notes;
}

/** @throws if a backend package is made for another tfjs-core than the one loaded. */
export function checkVersion(packageName: string, version: string): void {
  if (version === tf.version_core) return;
  throw new Error(
    `useBackend: ${packageName} ${version} needs @tensorflow/tfjs-core ${version}, got ${tf.version_core}. ` +
      'Install the same version of both.',
  );
}

function twice(who: string): string {
  return (
    `@tensorflow/tfjs-core is loaded twice: ${who} and @tidecast/backend have a copy each. They share one engine, ` +
    'so tensors work, but it costs memory. Let your package manager or bundler dedupe @tensorflow/tfjs-core.'
  );
}
