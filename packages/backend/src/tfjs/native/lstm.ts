// LSTM on native TensorFlow: all steps by its BlockLSTMV2, whose order of gates is ours, and back by its BlockLSTMGradV2.

import type { NativeCell } from './cell.ts';
import type { Handle } from './tensorflow.ts';

/** `[i f g o] = x·W + h·U + b`, `c′ = σ(f)∘c + σ(i)∘tanh(g)`, `h′ = σ(o)∘tanh(c′)`. */
export const nativeLstm: NativeCell = {
  forward(tf, { H, x, kernel, recurrent, bias, h0, c0 }) {
    const weights = tf.concat(0, kernel, recurrent);
    const made = tf.lstm({ x, h0, c0: c0!, weights, bias: bias ?? tf.zeros(4 * H) });
    const [i, c, f, o, g, shaped, h] = made as Seven;
    return { h, c, kept: [i, f, o, g, shaped, weights] };
  },
  backward(tf, { T, B, C, H, x }, { h, c, kept }, gradients) {
    const [i, f, o, g, shaped, weights] = kept as Six;
    const [h0, states] = tf.split(h, 0, 1, T) as [Handle, Handle];
    const [c0, cells] = tf.split(c!, 0, 1, T) as [Handle, Handle];
    // Of the bias, only the shape is read.
    const inputs = { x, h0: tf.reshape(h0, B, H), c0: tf.reshape(c0, B, H), weights, bias: tf.zeros(4 * H) };
    const made = [i, cells, f, o, g, shaped, states];
    const [dx, dc0, dh0, dweights, , , , dbias] = tf.lstmGradient(inputs, made, gradients.c!, gradients.h);
    const [kernel, recurrent] = tf.split(dweights!, 0, C, H) as [Handle, Handle];
    return {
      kernel: () => kernel,
      bias: () => dbias!,
      recurrent,
      h0: dh0!,
      c0: dc0!,
      forInput: dx!,
    };
  },
  input: (_tf, forInput) => forInput,
};

type Six = [Handle, Handle, Handle, Handle, Handle, Handle];
type Seven = [...Six, Handle];
