// The recurrent ops as a composition of plain tfjs ops, with the gradient of each: it runs on every backend, and is what the
// fused kernels are measured by. The input's part of every gate is one product for all steps before the loop; inside it
// only h·U remains.

import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { CellName, RecurrentActivation, RecurrentCall, RecurrentResult } from './recurrent-call.ts';

const activations: Readonly<Record<RecurrentActivation, <T extends Tensor>(x: T) => T>> = {
  linear: (x) => x,
  tanh: (x) => tf.tanh(x),
  relu: (x) => tf.relu(x),
  sigmoid: (x) => tf.sigmoid(x),
  elu: (x) => tf.elu(x),
  leakyRelu: (x) => tf.leakyRelu(x, 0.01),
  softplus: (x) => tf.softplus(x),
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
  hardSigmoid: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
  softmax: (x) => tf.softmax(x, -1),
};

/** Takes x·W + b `[B, gates·H]` of its time and the states before it; gives the states after it. */
type Step = (projected: Tensor2D, states: Tensor2D[]) => Tensor2D[];

const steps: Readonly<Record<CellName, (call: RecurrentCall) => Step>> = {
  lstm: lstmStep,
  gru: resetAfterStep,
  gruBefore: resetBeforeStep,
  rnn: rnnStep,
};

/** Runs a call by plain ops. Wrap it in `tf.tidy`. */
export function composeRecurrent(call: RecurrentCall): RecurrentResult {
  const { sizes, inputs, mask, reverse } = call;
  const { B, T, C, H } = sizes;
  const keep = mask && keepByTime(mask, H);
  const x = mask ? zeroPadding(inputs.x, mask) : inputs.x;
  const byTime = tf.reshape<tf.Rank.R2>(tf.transpose(x, [1, 0, 2]), [T * B, C]);
  const product = tf.matMul(byTime, inputs.kernel);
  const projected = inputs.bias ? tf.add(product, inputs.bias) : product;
  const perStep = alongFirst<Tensor2D>(tf.reshape(projected, [T, B, projected.shape[1]!]));
  const step = steps[call.cell](call);
  const outputs: Tensor2D[] = new Array(T);
  const zeros = tf.zeros<tf.Rank.R2>([B, H]);
  let states = [inputs.h0 ?? zeros, ...(call.cell === 'lstm' ? [inputs.c0 ?? zeros] : [])];
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    const before = states;
    const after = step(perStep[t]!, before);
    states = keep ? after.map((state, n) => tf.where(keep[t]!, state, before[n]!)) : after;
    outputs[t] = keep ? tf.where(keep[t]!, after[0]!, zeros) : after[0]!;
  }
  return { sequence: tf.stack(outputs, 1) as tf.Tensor3D, states };
}

/** [i f g o] = x·W + h·U + b, c′ = σ(f)∘c + σ(i)∘φ(g), h′ = σ(o)∘φ(c′) */
function lstmStep({ inputs, activation, recurrentActivation }: RecurrentCall): Step {
  const gate = activations[recurrentActivation];
  const shape = activations[activation];
  return (projected, [h, c]) => {
    const gates = tf.add(projected, tf.matMul(h!, inputs.recurrent));
    const [i, f, g, o] = tf.split(gates, 4, 1) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    const cell = tf.add<Tensor2D>(tf.mul(gate(f), c!), tf.mul(gate(i), shape(g)));
    return [tf.mul(gate(o), shape(cell)), cell];
  };
}

/** r = σ(xr + h·Ur + cr), z likewise, n = φ(xn + r∘(h·Un + cn)) */
function resetAfterStep({ inputs, activation, recurrentActivation }: RecurrentCall): Step {
  const { recurrent, recurrentBias } = inputs;
  const gate = activations[recurrentActivation];
  return (projected, [h]) => {
    const [xr, xz, xn] = tf.split(projected, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
    const product = tf.matMul(h!, recurrent);
    const [hr, hz, hn] = tf.split(recurrentBias ? tf.add(product, recurrentBias) : product, 3, 1) as [
      Tensor2D,
      Tensor2D,
      Tensor2D,
    ];
    const r = gate(tf.add<Tensor2D>(xr, hr));
    const z = gate(tf.add<Tensor2D>(xz, hz));
    return [blend(z, activations[activation](tf.add<Tensor2D>(xn, tf.mul(r, hn))), h!)];
  };
}

/** r = σ(xr + h·Ur), z likewise, n = φ(xn + (r∘h)·Un) */
function resetBeforeStep({ sizes, inputs, activation, recurrentActivation }: RecurrentCall): Step {
  const parts = [2 * sizes.H, sizes.H];
  const gate = activations[recurrentActivation];
  const [ofGates, ofCandidate] = tf.split(inputs.recurrent, parts, 1) as [Tensor2D, Tensor2D];
  return (projected, [h]) => {
    const [xGates, xn] = tf.split(projected, parts, 1) as [Tensor2D, Tensor2D];
    const sums = tf.add<Tensor2D>(xGates, tf.matMul(h!, ofGates));
    // Each gate by itself, for functions that look at all units.
    const [r, z] = (tf.split(sums, 2, 1) as [Tensor2D, Tensor2D]).map((sum) => gate(sum));
    const candidate = tf.add<Tensor2D>(xn, tf.matMul(tf.mul(r!, h!), ofCandidate));
    return [blend(z!, activations[activation](candidate), h!)];
  };
}

/** h′ = φ(x·W + h·U + b) */
function rnnStep({ inputs, activation }: RecurrentCall): Step {
  return (projected, [h]) => [
    activations[activation](tf.add<Tensor2D>(projected, tf.matMul(h!, inputs.recurrent))),
  ];
}

/** (1 − z)∘n + z∘h, written as n + z∘(h − n). */
function blend(z: Tensor2D, n: Tensor2D, h: Tensor2D): Tensor2D {
  return tf.add(n, tf.mul(z, tf.sub(h, n)));
}

/** For each step the boolean `[B, H]` that says which rows move on. */
function keepByTime(mask: Tensor2D, H: number): Tensor2D[] {
  const spread = tf.mul(tf.expandDims(tf.transpose(mask), 2), tf.ones([1, 1, H]));
  return alongFirst<Tensor2D>(spread).map((step) => tf.greaterEqual(step, 0.5));
}

/** x with 0 at masked steps, whatever stood there. */
function zeroPadding(x: tf.Tensor3D, mask: Tensor2D): tf.Tensor3D {
  const spread = tf.mul(tf.expandDims(mask, 2), tf.ones([1, 1, x.shape[2]]));
  return tf.where(tf.greaterEqual(spread, 0.5), x, tf.zerosLike(x));
}

/** The slices along axis 0. (The gradient of tf.unstack throws in tfjs-core 4.22 where there is only one.) */
function alongFirst<T extends Tensor>(x: Tensor): T[] {
  return (x.shape[0] === 1 ? [tf.squeeze(x, [0])] : tf.unstack(x, 0)) as T[];
}
