// The recurrent ops as a composition of plain tfjs ops, with the gradient of each: it runs on every backend, and is what the
// fused kernels are measured by. The input's part of every gate is one product for all steps before the loop; inside it
// only h·U remains.

import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { factored, finishState, normalise, normaliseCell } from './cell-variant.ts';
import type { CellName, RecurrentActivation, RecurrentCall, RecurrentResult } from './recurrent-call.ts';

const activations: Readonly<Record<RecurrentActivation, <T extends Tensor>(x: T) => T>> = {
  linear: (x) => x,
  tanh: (x) => tf.tanh(x),
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  sigmoid: (x) => tf.sigmoid(x),
  elu: (x) => tf.elu(x),
  leakyRelu: (x) => tf.leakyRelu(x, 0.01),
  softplus: (x) => tf.softplus(x),
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
  hardSigmoid: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
  softmax: (x) => tf.softmax(x, -1),
};

/** Takes x·W + b `[B, gates·H]` of time t and the states before it; gives the states after it. */
type Step = (projected: Tensor2D, states: Tensor2D[], t: number) => Tensor2D[];

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
  const product = normalise(
    tf.matMul(byTime, inputs.kernel) as Tensor2D,
    call.variant?.norm?.input,
    blocksOf(call),
  );
  // An rnn under layer norm adds its bias after the sum that it normalises.
  const early = inputs.bias && !call.variant?.norm?.sum;
  const projected = early ? tf.add(product, inputs.bias!) : product;
  const perStep = alongFirst<Tensor2D>(tf.reshape(projected, [T, B, projected.shape[1]!]));
  const step = steps[call.cell](call);
  const outputs: Tensor2D[] = new Array(T);
  const zeros = tf.zeros<tf.Rank.R2>([B, H]);
  let states = [inputs.h0 ?? zeros, ...(call.cell === 'lstm' ? [inputs.c0 ?? zeros] : [])];
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    const before = states;
    const after = step(perStep[t]!, before, t);
    states = keep ? after.map((state, n) => tf.where(keep[t]!, state, before[n]!)) : after;
    outputs[t] = keep ? tf.where(keep[t]!, after[0]!, zeros) : after[0]!;
  }
  return { sequence: tf.stack(outputs, 1) as tf.Tensor3D, states };
}

/** Columns that layer norm takes together: all gates of an lstm, the two gates and the candidate of a gru. */
function blocksOf({ cell, sizes: { H } }: RecurrentCall): number[] {
  return { lstm: [4 * H], gru: [2 * H, H], gruBefore: [2 * H, H], rnn: [H] }[cell];
}

/** [i f g o] = x·W + h·U + b, c′ = σ(f)∘c + σ(i)∘φ(g), h′ = σ(o)∘φ(c′) */
function lstmStep(call: RecurrentCall): Step {
  const { inputs, activation, recurrentActivation, variant } = call;
  const gate = activations[recurrentActivation];
  const shape = activations[activation];
  const finish = finishState(variant);
  return (projected, [h, c], t) => {
    const product = tf.matMul<Tensor2D>(factored(h!, variant), inputs.recurrent);
    const gates = tf.add(projected, normalise(product, variant?.norm?.recurrent, blocksOf(call)));
    const [i, f, g, o] = tf.split(gates, 4, 1) as [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
    const made = tf.add<Tensor2D>(tf.mul(gate(f), c!), tf.mul(gate(i), shape(g)));
    const { state: cell, made: seen } = finish('c', t, made, c!);
    const next = tf.mul<Tensor2D>(gate(o), shape(normaliseCell(seen, variant)));
    return [finish('h', t, next, h!).state, cell];
  };
}

/** r = σ(xr + h·Ur + cr), z likewise, n = φ(xn + r∘(h·Un + cn)) */
function resetAfterStep(call: RecurrentCall): Step {
  const { inputs, activation, recurrentActivation, variant } = call;
  const { recurrent, recurrentBias } = inputs;
  const gate = activations[recurrentActivation];
  const finish = finishState(variant);
  return (projected, [h], t) => {
    const [xr, xz, xn] = tf.split(projected, 3, 1) as [Tensor2D, Tensor2D, Tensor2D];
    const product = normalise(
      tf.matMul(factored(h!, variant), recurrent),
      variant?.norm?.recurrent,
      blocksOf(call),
    );
    const [hr, hz, hn] = tf.split(recurrentBias ? tf.add(product, recurrentBias) : product, 3, 1) as [
      Tensor2D,
      Tensor2D,
      Tensor2D,
    ];
    const r = gate(tf.add<Tensor2D>(xr, hr));
    const z = gate(tf.add<Tensor2D>(xz, hz));
    const candidate = activations[activation](tf.add<Tensor2D>(xn, tf.mul(r, hn)));
    return [finish('h', t, blend(z, candidate, h!), h!).state];
  };
}

/** r = σ(xr + h·Ur), z likewise, n = φ(xn + (r∘h)·Un) */
function resetBeforeStep({ sizes, inputs, activation, recurrentActivation, variant }: RecurrentCall): Step {
  const parts = [2 * sizes.H, sizes.H];
  const gate = activations[recurrentActivation];
  const [ofGates, ofCandidate] = tf.split(inputs.recurrent, parts, 1) as [Tensor2D, Tensor2D];
  const gains = variant?.norm?.recurrent && tf.split(variant.norm.recurrent, parts);
  const finish = finishState(variant);
  return (projected, [h], t) => {
    const entering = factored(h!, variant);
    const [xGates, xn] = tf.split(projected, parts, 1) as [Tensor2D, Tensor2D];
    const sums = tf.add<Tensor2D>(xGates, normalise(tf.matMul(entering, ofGates), gains?.[0]));
    // Each gate by itself, for functions that look at all units.
    const [r, z] = (tf.split(sums, 2, 1) as [Tensor2D, Tensor2D]).map((sum) => gate(sum));
    const product = normalise(tf.matMul(tf.mul(r!, entering), ofCandidate), gains?.[1]);
    const candidate = activations[activation](tf.add<Tensor2D>(xn, product));
    return [finish('h', t, blend(z!, candidate, h!), h!).state];
  };
}

/** h′ = φ(x·W + h·U + b) */
function rnnStep({ inputs, activation, variant }: RecurrentCall): Step {
  const finish = finishState(variant);
  const gain = variant?.norm?.sum;
  return (projected, [h], t) => {
    const sum = tf.add<Tensor2D>(projected, tf.matMul(factored(h!, variant), inputs.recurrent));
    const shifted =
      gain && inputs.bias ? tf.add<Tensor2D>(normalise(sum, gain), inputs.bias) : normalise(sum, gain);
    return [finish('h', t, activations[activation](shifted), h!).state];
  };
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
