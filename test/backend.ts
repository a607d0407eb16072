// Boots the backend the suite runs on (TIDECAST_BACKEND: wasm by default, or native) and guards against tensor leaks.

import * as tf from '@tensorflow/tfjs-core';
import { useBackend } from '@tidecast/backend';
import { afterEach, beforeAll, beforeEach, expect } from 'vitest';

/** The backend this run of the suite is on. */
export const testBackend = process.env.TIDECAST_BACKEND === 'native' ? 'native' : 'wasm';

/** Call once at the top of a test file that makes tensors. */
export function setUpBackend(): void {
  let before = 0;
  beforeAll(async () => {
    await useBackend(testBackend);
  });
  beforeEach(() => {
    before = tf.memory().numTensors;
  });
  afterEach(() => {
    expect(tf.memory().numTensors, 'tensors left over by this test').toBe(before);
  });
}
