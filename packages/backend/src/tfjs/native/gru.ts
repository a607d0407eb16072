// GRU on native TensorFlow, reset-after, which TensorFlow has no operation for: step by step, with what does not depend on later
// steps computed for all at once on the way back. (Reset-before: gru-before.ts.)

import { before, fromGates, inputFromGates, joined, type NativeCell, project } from './cell.ts';
import type { Handle } from './tensorflow.ts';

/** `r = σ(xr + h·Ur + cr)`, `z` likewise, `n = tanh(xn + r∘(h·Un + cn))`, `h′ = n + z∘(h − n)`. */
export const nativeGru: NativeCell = {
  forward(tf, run) {
    const { H, recurrent, recurrentBias } = run;
    const [xGates, xn] = tf.split(project(tf, run), 2, 2 * H, H).map(tf.unpack) as [Handle[], Handle[]];
    const kept: [Handle[], Handle[], Handle[], Handle[]] = [[], [], [], []];
    let h = run.h0;
    const states = xGates.map((sum, t) => {
      const product = tf.matMul(h, recurrent);
      const [hGates, m] = tf.split(recurrentBias ? tf.add(product, recurrentBias) : product, 1, 2 * H, H);
      const [r, z] = tf.split(tf.sigmoid(tf.add(sum, hGates!)), 1, H, H);
      const n = tf.tanh(tf.add(xn[t]!, tf.multiply(r!, m!)));
      h = tf.add(n, tf.multiply(z!, tf.subtract(h, n)));
      for (const [i, each] of [r!, z!, n, m!].entries()) kept[i]!.push(each);
      return h;
    });
    return { h: tf.pack(states), kept: kept.map(tf.pack) };
  },
  backward(tf, run, { h, kept }, gradients) {
    const { T, B, H, recurrent, recurrentBias } = run;
    const [r, z, n, m] = kept as [Handle, Handle, Handle, Handle];
    const rows = before(tf, h);
    const hBefore = tf.reshape(rows, T, B, H);
    // Slopes of the sums by dh.
    const ofCandidate = tf.tanhGradient(n, tf.subtract(tf.scalar(1), z));
    const slopes = tf.unpack(
      tf.concat(
        2,
        tf.multiply(ofCandidate, tf.sigmoidGradient(r, m)),
        tf.sigmoidGradient(z, tf.subtract(hBefore, n)),
        tf.multiply(ofCandidate, r),
      ),
    );
    const [blend, above] = [tf.unpack(z), tf.unpack(gradients.h)];
    const gates: Handle[] = new Array(T);
    const down: Handle[] = new Array(T);
    let dh: Handle | undefined;
    for (let s = T - 1; s >= 0; s--) {
      const here = dh ? tf.add(dh, above[s]!) : above[s]!;
      down[s] = here;
      gates[s] = tf.multiply(tf.concat(1, here, here, here), slopes[s]!);
      dh = tf.add(tf.multiply(here, blend[s]!), tf.matMul(gates[s]!, recurrent, true));
    }
    const ofState = joined(tf, gates);
    const dn = tf.multiply(joined(tf, down), tf.reshape(ofCandidate, T * B, H));
    const [ofGates] = tf.split(ofState, 1, 2 * H, H);
    return {
      ...fromGates(tf, run, tf.concat(1, ofGates!, dn)),
      recurrent: tf.transposedMatMul(rows, ofState),
      ...(recurrentBias && { recurrentBias: tf.sum(ofState) }),
      h0: dh!,
    };
  },
  input: inputFromGates,
};
