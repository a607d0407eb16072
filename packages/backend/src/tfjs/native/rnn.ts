// Simple recurrence on native TensorFlow, step by step.

import { before, fromGates, inputFromGates, joined, type NativeCell, project } from './cell.ts';
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
  backward(tf, run, { h }, gradients) {
    const { gradient } = functions(tf)[run.activation]!;
    const states = tf.unpack(h);
    const down = tf.unpack(gradients.h);
    const gates: Handle[] = new Array(run.T);
    let dh: Handle | undefined;
    for (let s = run.T - 1; s >= 0; s--) {
      gates[s] = gradient(states[s + 1]!, dh ? tf.add(dh, down[s]!) : down[s]!);
      dh = tf.matMul(gates[s]!, run.recurrent, true);
    }
    const all = joined(tf, gates);
    return { ...fromGates(tf, run, all), recurrent: tf.transposedMatMul(before(tf, h), all), h0: dh! };
  },
  input: inputFromGates,
};
