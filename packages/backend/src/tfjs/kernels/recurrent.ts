// The recurrent ops' kernels on WASM. What the forward run keeps is its workspace, and the mask; the backward run leaves the
// gates' gradients in the workspace, from which the gradient by x is made.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { activationCodes } from '../../kernels/activation-codes.ts';
import { kernelNames, type RecurrentAttributes } from '../../ops/kernel-contract.ts';
import { type CellName, type RecurrentActivation, stateCount } from '../../ops/recurrent-call.ts';
import { loadedKernels, type WasmBackend } from '../heap.ts';

type Tensors = Record<string, TensorInfo | undefined>;
type Kernel = (...values: (number | boolean)[]) => number;

/** Neither layer norm, recurrent dropout nor zoneout of h, nor of c: calls with these are composed. */
const plain = [0, 0, 0];
const plainCell = 0;

/** Of each cell's workspace: columns of gates per unit, and states kept beside h. */
const layouts: Readonly<Record<CellName, { gates: number; extra: number }>> = {
  lstm: { gates: 4, extra: 2 },
  gru: { gates: 4, extra: 0 },
  gruBefore: { gates: 3, extra: 1 },
  rnn: { gates: 1, extra: 0 },
};

/** All kernels of the recurrent ops, by name. */
export const recurrentKernels = Object.fromEntries(
  Object.values(kernelNames).flatMap((name) => [
    [name, forward],
    [`${name}Grad`, backward],
    [`${name}InputGrad`, inputGradient],
  ]),
) as unknown as Readonly<Record<string, KernelFunc>>;

interface Invocation {
  inputs: Tensors;
  backend: WasmBackend;
  attrs: RecurrentAttributes;
}

function forward({ inputs, backend, attrs }: Invocation): TensorInfo[] {
  const { B, T, C, H } = attrs.sizes;
  const { mask } = inputs;
  const make = (...shape: number[]) => backend.makeOutput(shape, 'float32');
  const { call, only } = kernelsOf(attrs);
  const sequence = make(B, T, H);
  const states = Array.from({ length: stateCount(attrs.cell) }, () => make(B, H));
  const workspace = make(call('Workspace', B, T, C, H));
  const [h, c] = states.map(addressOf);
  call(
    'Forward',
    ...[B, T, C, H, attrs.reverse, ...functionsOf(attrs)],
    ...[inputs.x, inputs.kernel, inputs.recurrent, inputs.bias].map(addressOf),
    ...only('gru', addressOf(inputs.recurrentBias)),
    addressOf(inputs.h0),
    ...only('lstm', addressOf(inputs.c0)),
    ...[addressOf(mask), ...plain, ...only('lstm', plainCell)],
    ...[addressOf(workspace), addressOf(sequence), H, h!, H],
    ...only('lstm', c!),
  );
  return [sequence, ...states, workspace, ...(mask ? [share(backend, mask)] : [])];
}

function backward({ inputs, backend, attrs }: Invocation): TensorInfo[] {
  const { B, T, C, H } = attrs.sizes;
  const { kept0, kept1: mask, dy0: dsequence, dy1: dh, dy2: dc } = inputs;
  const { call, only } = kernelsOf(attrs);
  const workspace = attrs.again ? copyOf(backend, kept0!) : share(backend, kept0!);
  const columns = H * (attrs.cell === 'lstm' ? 4 : attrs.cell === 'rnn' ? 1 : 3);
  const shapes = {
    kernel: [C, columns],
    recurrent: [H, columns],
    bias: [columns],
    recurrentBias: [columns],
    h0: [B, H],
    c0: [B, H],
  };
  const made: Tensors = Object.fromEntries(
    attrs.names.map((name) => [name, backend.makeOutput(shapes[name], 'float32')]),
  );
  call(
    'Backward',
    ...[B, T, C, H, attrs.reverse, ...functionsOf(attrs)],
    ...[addressOf(mask), ...plain, ...only('lstm', plainCell)],
    ...[addressOf(workspace), addressOf(dsequence), H, addressOf(dh), H],
    ...only('lstm', addressOf(dc)),
    ...[made.kernel, made.recurrent, made.bias].map(addressOf),
    ...only('gru', addressOf(made.recurrentBias)),
    ...[0, false, addressOf(made.h0)],
    ...only('lstm', addressOf(made.c0)),
  );
  return [...attrs.names.map((name) => made[name]!), workspace];
}

function inputGradient({ inputs, backend, attrs }: Invocation): TensorInfo[] {
  const { cell, sizes, reverse } = attrs;
  const { B, T, C, H } = sizes;
  const dx = backend.makeOutput([B, T, C], 'float32');
  const { gates, extra } = layouts[cell];
  loadedKernels().kernels.recurrentInputGradient(
    ...([B, T, C, H, gates, extra, reverse, addressOf(inputs.kept0), addressOf(dx)] as const),
  );
  return [dx];
}

/** The kernels of a cell, and a list of values that only one cell's kernels take. */
function kernelsOf({ cell }: RecurrentAttributes) {
  const kernels = loadedKernels().kernels as unknown as Record<string, Kernel>;
  return {
    call: (part: 'Workspace' | 'Forward' | 'Backward', ...values: (number | boolean)[]) =>
      kernels[`${cell}${part}`]!(...values),
    only: (which: CellName, value: number) => (which === cell ? [value] : []),
  };
}

function functionsOf({ cell, activation, recurrentActivation }: RecurrentAttributes): number[] {
  return (cell === 'rnn' ? [activation] : [recurrentActivation, activation]).map(codeOf);
}

/** The kernels know all functions that a call reaches them with. */
function codeOf(activation: RecurrentActivation): number {
  return activationCodes[activation as keyof typeof activationCodes];
}

/** 0, which is "not given" and "not wanted", where there is no tensor. */
function addressOf(tensor: TensorInfo | undefined): number {
  return tensor ? loadedKernels().addressOf(tensor) : 0;
}

/** The same values as an output of the kernel. */
function share(backend: WasmBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

function copyOf(backend: WasmBackend, tensor: TensorInfo): TensorInfo {
  const copy = backend.makeOutput(tensor.shape, tensor.dtype);
  const { kernels } = loadedKernels();
  kernels.copy(tensor.shape[0]!, addressOf(tensor), addressOf(copy));
  return copy;
}
