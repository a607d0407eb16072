// The recurrent ops' kernels on native TensorFlow: the cells of this folder between tfjs's tensors.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { kernelNames, type RecurrentAttributes } from '../../ops/kernel-contract.ts';
import { type CellName, stateCount } from '../../ops/recurrent-call.ts';
import type { NativeCell, States } from './cell.ts';
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
    const c0 = handle('c0') ?? tf.zeros(B, H);
    const { h, c, kept } = cells[attrs.cell].forward(tf, {
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
    const states = [all(h0, h), ...(c ? [all(c0, c)] : [])];
    const ends = states.map((each) => steps.last(tf.reshape(each, (T + 1) * B, H)));
    return [steps.fromSteps(h), ...ends, x, ...states, ...kept];
  });
  return [...made, ...sharedInputs(attrs).map((name) => share(backend, inputs[name]!))];
}

function backward({ inputs, backend, attrs }: Invocation): TensorInfo[] {
  const { cell, sizes, names, activation } = attrs;
  const { own, shared } = keptOf(inputs, attrs);
  const made = withTensorflow(backend, (tf) => {
    const steps = stepsOf(tf, backend, attrs, shared.mask);
    const [x, ...handles] = own.map(tf.of) as [Handle, ...Handle[]];
    const [h, c] = handles.splice(0, stateCount(cell)) as [Handle, Handle?];
    const { gradients, first } = stateGradients(tf, steps, attrs, inputs);
    const run = {
      ...{ ...sizes, x, activation },
      kernel: tf.of(shared.kernel!),
      recurrent: tf.of(shared.recurrent!),
      recurrentBias: shared.recurrentBias && tf.of(shared.recurrentBias),
    };
    const found = cells[cell].backward(tf, run, { h, c, kept: handles }, gradients);
    const byInput = {
      kernel: () => found.kernel(),
      recurrent: () => found.recurrent,
      bias: () => found.bias(),
      recurrentBias: () => found.recurrentBias!,
      h0: () => tf.add(found.h0, first.h),
      c0: () => tf.add(found.c0!, first.c!),
    };
    return [...names.map((name) => byInput[name]()), found.forInput];
  });
  const forInput = [shared.kernel!, ...(shared.mask ? [shared.mask] : [])];
  return [...made, ...forInput.map((each) => share(backend, each))];
}

function inputGradient({ inputs, backend, attrs }: Invocation): TensorInfo[] {
  const { B, T, C } = attrs.sizes;
  const { kept0, kept1: kernel, kept2: mask } = inputs;
  return withTensorflow(backend, (tf) => {
    const dx = cells[attrs.cell].input(tf, tf.of(kept0!), tf.of(kernel!));
    return [stepsOf(tf, backend, attrs, mask).fromSteps(tf.reshape(dx, T, B, C))];
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
 * The gradients of the states after each step: those of the sequence, and those of the last states where each row ends. Those of
 * rows without any step, `first`, belong to the initial states.
 */
function stateGradients(
  tf: Tensorflow,
  steps: Steps,
  { cell, sizes }: RecurrentAttributes,
  { dy0, dy1, dy2 }: Invocation['inputs'],
): { gradients: States; first: States } {
  const { B, T, H } = sizes;
  const spread = (gradient: TensorInfo): [Handle, Handle] => {
    const [first, rest] = tf.split(steps.fromLast(tf.of(gradient)), 0, B, T * B);
    return [first!, tf.reshape(rest!, T, B, H)];
  };
  const [firstH, h] = spread(dy1!);
  const [firstC, c] = cell === 'lstm' ? spread(dy2!) : [];
  return {
    gradients: { h: tf.add(steps.toSteps(tf.of(dy0!)), h), c },
    first: { h: firstH, c: firstC },
  };
}

/** The same values as an output of the kernel. */
function share(backend: NativeBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
