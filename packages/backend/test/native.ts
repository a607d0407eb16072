// Whether the native backend can run here: its binding is built by scripts/build-native.mjs, not by installing.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json');
const napi = Math.min(8, Number(process.versions.napi));

/** True where the binding of tfjs-node is built. */
export const hasNative = existsSync(join(dirname(manifest), 'lib', `napi-v${napi}`, 'tfjs_binding.node'));

/** What to append to a test's name so that a skipped one says why. */
export const needsNative = hasNative ? '' : ' (skipped: run node scripts/build-native.mjs first)';
