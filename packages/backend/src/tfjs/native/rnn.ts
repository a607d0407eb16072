// Simple recurrence on native TensorFlow, step by step.

import { before, joined, type NativeCell, project } from './cell.ts';
import type { Handle, Tensorflow } from './tensorflow.ts';

type Functions = Record<string, { value(x: Handle): Handle; gradient(y: Handle, dy: Handle): Handle }>;

const functions = (tf: Tensorflow): Functions => ({
  tanh: { value: tf.tanh, gradient: tf.tanhGradient },
  sigmoid: { value: tf.sigmoid, gradient: tf.sigmoidGradient },
  relu: { value: tf.relu, gradient: tf.reluGradient },
});

/** `h′ = φ(x·W + h·U + b)` for φ tanh, sigmoid or relu. */
export const nativeRnn: NativeCell = {
  forward(tf, run) {
    const { value } = functions(tf)[run.activation]!;
    const projected = tf.unpack(project(tf, run));
    let h = run.h0;
    const states = projected.map((sum) => {
      h = value(tf.add(sum, tf.matMul(h, run.recurrent)));
      return h;
    });
    return { h: tf.pack(states), kept: [] };
  },
  backward(tf, { T, recurrent, activation }, { h }, gradients) {
    const { gradient } = functions(tf)[activation]!;
    const states = tf.unpack(h);
    const gates: Handle[] = new Array(T);
    let dh = gradients.hLast;
    for (let s = T - 1; s >= 0; s--) {
      gates[s] = gradient(states[s + 1]!, tf.add(dh, gradients.h[s]!));
      dh = tf.matMul(gates[s]!, recurrent, false, true);
    }
    const all = joined(tf, gates);
    return { gates: all, recurrent: tf.matMul(before(tf, h), all, true), h0: dh };
  },
};
