// The recurrent ops' kernels on native TensorFlow: the cells of this folder between tfjs's tensors.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { kernelNames, type RecurrentAttributes } from '../../ops/kernel-contract.ts';
import type { CellName } from '../../ops/recurrent-call.ts';
import type { NativeCell, StateGradients } from './cell.ts';
import { nativeGru } from './gru.ts';
import { nativeGruBefore } from './gru-before.ts';
import { nativeLstm } from './lstm.ts';
import { nativeRnn } from './rnn.ts';
import { type Steps, stepsOf } from './steps.ts';
import { type Handle, type NativeBackend, type Tensorflow, withTensorflow } from './tensorflow.ts';

const cells: Readonly<Record<CellName, NativeCell>> = {
  lstm: nativeLstm,
  gru: nativeGru,
  gruBefore: nativeGruBefore,
  rnn: nativeRnn,
};

/** All kernels of the recurrent ops, by name. */
export const nativeRecurrentKernels = Object.fromEntries(
  Object.values(kernelNames).flatMap((name) => [
    [name, forward],
    [`${name}Grad`, backward],
    [`${name}InputGrad`, inputGradient],
  ]),
) as unknown as Readonly<Record<string, KernelFunc>>;

interface Invocation {
  inputs: Record<string, TensorInfo | undefined>;
  backend: NativeBackend;
  attrs: RecurrentAttributes;
}

/** Inputs that the way back needs as they are, after what the forward run made. */
function sharedInputs({ names, masked }: RecurrentAttributes) {
  const recurrentBias = names.includes('recurrentBias') ? (['recurrentBias'] as const) : [];
  return ['kernel', 'recurrent', ...recurrentBias, ...(masked ? (['mask'] as const) : [])] as const;
}

function forward({ inputs, backend, attrs }: Invocation): TensorInfo[] {
  const { B, T, H } = attrs.sizes;
  const made = withTensorflow(backend, (tf) => {
    const steps = stepsOf(tf, backend, attrs, inputs.mask);
    const handle = (name: string) => inputs[name] && tf.of(inputs[name]);
    const x = steps.toSteps(handle('x')!);
    const h0 = handle('h0') ?? tf.zeros(B, H);
    const c0 = attrs.cell === 'lstm' ? (handle('c0') ?? tf.zeros(B, H)) : undefined;
    const states = cells[attrs.cell].forward(tf, {
      ...attrs.sizes,
      x,
      kernel: handle('kernel')!,
      recurrent: handle('recurrent')!,
      bias: handle('bias'),
      recurrentBias: handle('recurrentBias'),
      h0,
      c0,
      activation: attrs.activation,
    });
    const all = (first: Handle, rest: Handle) => tf.concat(0, tf.reshape(first, 1, B, H), rest);
    const last = (of: Handle) => steps.last(tf.reshape(of, (T + 1) * B, H));
    const hidden = all(h0, states.h);
    const ends = [last(hidden), ...(states.c ? [last(all(c0!, states.c))] : [])];
    return [steps.fromSteps(states.h), ...ends, x, hidden, ...states.kept];
  });
  return [...made, ...sharedInputs(attrs).map((name) => share(backend, inputs[name]!))];
}

function backward({ inputs, backend, attrs }: Invocation): TensorInfo[] {
  const { B, T, C } = attrs.sizes;
  const { own, shared } = keptOf(inputs, attrs);
  const made = withTensorflow(backend, (tf) => {
    const steps = stepsOf(tf, backend, attrs, shared.mask);
    const [x, hidden, ...kept] = own.map(tf.of) as [Handle, Handle, ...Handle[]];
    const { gradients, first } = stateGradients(tf, steps, attrs, inputs);
    const found = cells[attrs.cell].backward(
      tf,
      {
        ...attrs.sizes,
        recurrent: tf.of(shared.recurrent!),
        recurrentBias: shared.recurrentBias && tf.of(shared.recurrentBias),
        activation: attrs.activation,
      },
      { h: hidden, kept },
      gradients,
    );
    const byInput = {
      kernel: () => tf.matMul(tf.reshape(x, T * B, C), found.gates, true),
      recurrent: () => found.recurrent,
      bias: () => tf.sum(found.gates),
      recurrentBias: () => found.recurrentBias!,
      h0: () => (first.h ? tf.add(found.h0, first.h) : found.h0),
      c0: () => (first.c ? tf.add(found.c0!, first.c) : found.c0!),
    };
    return [...attrs.names.map((name) => byInput[name]()), found.gates];
  });
  const forInput = [shared.kernel!, ...(shared.mask ? [shared.mask] : [])];
  return [...made, ...forInput.map((each) => share(backend, each))];
}

function inputGradient({ inputs, backend, attrs }: Invocation): TensorInfo[] {
  const { B, T, C } = attrs.sizes;
  const { kept0: gates, kept1: kernel, kept2: mask } = inputs;
  return withTensorflow(backend, (tf) => {
    const steps = stepsOf(tf, backend, attrs, mask);
    return [steps.fromSteps(tf.reshape(tf.matMul(tf.of(gates!), tf.of(kernel!), false, true), T, B, C))];
  });
}

/** What the forward run made for itself, and the inputs it shares. */
function keptOf(inputs: Invocation['inputs'], attrs: RecurrentAttributes) {
  const kept: TensorInfo[] = [];
  while (inputs[`kept${kept.length}`]) kept.push(inputs[`kept${kept.length}`]!);
  const names = sharedInputs(attrs);
  const own = kept.splice(0, kept.length - names.length);
  const shared: Partial<Record<(typeof names)[number], TensorInfo>> = Object.fromEntries(
    names.map((name, i) => [name, kept[i]!]),
  );
  return { own, shared };
}

/**
 * The gradients of the states by step. Where rows end at steps of their own, those of the last states stand there, and those
 * of rows without any step, `first`, belong to the initial states.
 */
function stateGradients(
  tf: Tensorflow,
  steps: Steps,
  { cell, sizes }: RecurrentAttributes,
  { dy0, dy1, dy2 }: Invocation['inputs'],
): { gradients: StateGradients; first: { h?: Handle; c?: Handle } } {
  const { B, T, H } = sizes;
  const lstm = cell === 'lstm';
  const sequence = steps.toSteps(tf.of(dy0!));
  const { fromLast } = steps;
  if (!fromLast) {
    const last = { hLast: tf.of(dy1!), ...(lstm && { cLast: tf.of(dy2!) }) };
    return { gradients: { h: tf.unpack(sequence), ...last }, first: {} };
  }
  const spread = (gradient: TensorInfo) => {
    const [first, rest] = tf.split(fromLast(tf.of(gradient)), 0, B, T * B);
    return { first: first!, rest: tf.reshape(rest!, T, B, H) };
  };
  const h = spread(dy1!);
  const c = lstm ? spread(dy2!) : undefined;
  const zeros = tf.zeros(B, H);
  return {
    gradients: {
      h: tf.unpack(tf.add(sequence, h.rest)),
      hLast: zeros,
      ...(c && { c: tf.unpack(c.rest), cLast: zeros }),
    },
    first: { h: h.first, ...(c && { c: c.first }) },
  };
}

/** The same values as an output of the kernel. */
function share(backend: NativeBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
