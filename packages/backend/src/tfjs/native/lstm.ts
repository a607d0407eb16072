// LSTM on native TensorFlow: forward by its BlockLSTMV2. Back by products of whole steps, which its BlockLSTMGradV2 is no match
// for; what does not depend on later steps is computed for all at once.

import { before, joined, type NativeCell } from './cell.ts';
import type { Handle } from './tensorflow.ts';

/** `[i f g o] = x·W + h·U + b`, `c′ = σ(f)∘c + σ(i)∘tanh(g)`, `h′ = σ(o)∘tanh(c′)`. */
export const nativeLstm: NativeCell = {
  forward(tf, { x, kernel, recurrent, bias, h0, c0, H }) {
    const weights = tf.concat(0, kernel, recurrent);
    const [i, c, f, o, g, shaped, h] = tf.lstm(x, c0!, h0, weights, bias ?? tf.zeros(4 * H)) as Seven;
    return { h, c, kept: [i, f, g, o, shaped, tf.concat(0, tf.reshape(c0!, 1, ...c0!.shape), c)] };
  },
  backward(tf, { T, B, H, recurrent }, { h, kept }, gradients) {
    const [i, f, g, o, shaped, cells] = kept as Six;
    const cellsBefore = tf.slice(cells, [0, 0, 0], [T, B, H]);
    const slopes = tf.unpack(
      tf.concat(
        2,
        tf.sigmoidGradient(i, g),
        tf.sigmoidGradient(f, cellsBefore),
        tf.tanhGradient(g, i),
        tf.sigmoidGradient(o, shaped),
      ),
    );
    const through = tf.unpack(tf.tanhGradient(shaped, o));
    const forget = tf.unpack(f);
    const gates: Handle[] = new Array(T);
    let dh = gradients.hLast;
    let dc = gradients.cLast!;
    for (let s = T - 1; s >= 0; s--) {
      const down = tf.add(dh, gradients.h[s]!);
      if (gradients.c) dc = tf.add(dc, gradients.c[s]!);
      const cell = tf.add(dc, tf.multiply(down, through[s]!));
      gates[s] = tf.multiply(tf.concat(1, cell, cell, cell, down), slopes[s]!);
      dh = tf.matMul(gates[s]!, recurrent, false, true);
      dc = tf.multiply(cell, forget[s]!);
    }
    const all = joined(tf, gates);
    return { gates: all, recurrent: tf.matMul(before(tf, h), all, true), h0: dh, c0: dc };
  },
};

type Six = [Handle, Handle, Handle, Handle, Handle, Handle];
type Seven = [...Six, Handle];
