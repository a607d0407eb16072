// GRU on native TensorFlow, reset-before: forward by its GRUBlockCell, one operation a step; back as in gru.ts.

import { before, fromGates, inputFromGates, joined, type NativeCell } from './cell.ts';
import type { Handle } from './tensorflow.ts';

/** `r = σ(xr + h·Ur)`, `z` likewise, `n = tanh(xn + (r∘h)·Un)`, `h′ = (1 − z)∘n + z∘h`. */
export const nativeGruBefore: NativeCell = {
  forward(tf, { x, kernel, recurrent, bias, h0, H }) {
    const [ofGates, ofCandidate] = tf.split(tf.concat(0, kernel, recurrent), 1, 2 * H, H);
    const [bGates, b] = tf.split(bias ?? tf.zeros(3 * H), 0, 2 * H, H);
    const kept: [Handle[], Handle[], Handle[]] = [[], [], []];
    let h = h0;
    const states = tf.unpack(x).map((input) => {
      const [r, z, n, next] = tf.gruStep(input, h, ofGates!, ofCandidate!, bGates!, b!);
      for (const [i, each] of [r!, z!, n!].entries()) kept[i]!.push(each);
      h = next!;
      return h;
    });
    return { h: tf.pack(states), kept: kept.map(tf.pack) };
  },
  backward(tf, run, { h, kept }, gradients) {
    const { T, B, H, recurrent } = run;
    const [r, z, n] = kept as [Handle, Handle, Handle];
    const rows = before(tf, h);
    const hBefore = tf.reshape(rows, T, B, H);
    const slopes = {
      n: tf.unpack(tf.tanhGradient(n, tf.subtract(tf.scalar(1), z))),
      z: tf.unpack(tf.sigmoidGradient(z, tf.subtract(hBefore, n))),
      r: tf.unpack(tf.sigmoidGradient(r, hBefore)),
    };
    const [blend, reset, above] = [z, r, gradients.h].map(tf.unpack) as [Handle[], Handle[], Handle[]];
    const [ofGates, ofCandidate] = tf.split(recurrent, 1, 2 * H, H);
    const gates: Handle[] = new Array(T);
    const candidates: Handle[] = new Array(T);
    let dh: Handle | undefined;
    for (let s = T - 1; s >= 0; s--) {
      const down = dh ? tf.add(dh, above[s]!) : above[s]!;
      candidates[s] = tf.multiply(down, slopes.n[s]!);
      const dreset = tf.matMul(candidates[s]!, ofCandidate!, true);
      gates[s] = tf.concat(1, tf.multiply(dreset, slopes.r[s]!), tf.multiply(down, slopes.z[s]!));
      dh = tf.add(
        tf.add(tf.multiply(down, blend[s]!), tf.multiply(dreset, reset[s]!)),
        tf.matMul(gates[s]!, ofGates!, true),
      );
    }
    const [all, dn] = [joined(tf, gates), joined(tf, candidates)];
    const resetRows = tf.reshape(tf.multiply(r, hBefore), T * B, H);
    return {
      ...fromGates(tf, run, tf.concat(1, all, dn)),
      recurrent: tf.concat(1, tf.transposedMatMul(rows, all), tf.transposedMatMul(resetRows, dn)),
      h0: dh!,
    };
  },
  input: inputFromGates,
};
