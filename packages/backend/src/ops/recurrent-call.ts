// What a recurrent op was asked, checked once: the same for the fused kernels and for the composition of plain ops.

import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type ActivationCode, activationCodes } from '../kernels/activation-codes.ts';

/** Cells there are. `gru` resets after the recurrent product, `gruBefore` before it. */
export type CellName = 'lstm' | 'gru' | 'gruBefore' | 'rnn';

/** Function of a cell or its gates. `softmax` runs over the units; all others on each value alone. */
export type RecurrentActivation = ActivationCode | 'softmax';

/** Weights of a recurrent op; the sizes stand with each op. */
export interface RecurrentWeights {
  kernel: Tensor;
  recurrent: Tensor;
  bias?: Tensor | undefined;
}

/** Name of a state: h, and the cell c of an lstm. */
export type StateName = 'h' | 'c';

/**
 * What makes another cell of the plain one. As an op only the composition of plain ops knows variants; it runs on every backend,
 * one step after the other.
 */
export interface CellVariant {
  /** Factors `[B, H]` of h on its way into the recurrent product, the same at all steps: recurrent dropout. */
  recurrentFactors?: Tensor | undefined;
  /** How much of its value before a state keeps at step t, from 0 to 1, `[B, H]` or a scalar: zoneout. Undefined: nothing. */
  keep?: ((state: StateName, t: number) => Tensor | undefined) | undefined;
  /** Gains of layer norm. */
  norm?: LayerNormGains | undefined;
  /** Sees each state as step t has made it, and gives what takes its place. */
  onState?: ((state: StateName, t: number, value: Tensor2D) => Tensor2D) | undefined;
}

/**
 * Gains of a cell whose products are normalised over their columns before the bias: (v − mean) / √(variance + 1e-5) times gain.
 * An rnn normalises x·W + h·U; an lstm x·W and h·U each over all gates, and c where it makes h; a gru x·W and h·U, each the two
 * gates together and the candidate for itself.
 */
export interface LayerNormGains {
  /** Of x·W and h·U, `[N]` each, for lstm and gru. */
  input?: Tensor | undefined;
  recurrent?: Tensor | undefined;
  /** Of their sum, `[H]`, for rnn. */
  sum?: Tensor | undefined;
  /** Of c, `[H]`, with a shift, for lstm. */
  cell?: Tensor | undefined;
  cellShift?: Tensor | undefined;
}

/** Options of every recurrent op. */
export interface RecurrentOptions {
  /** `[B, T]`: 1 where a step is real. At padding states stay as they are; it never enters a result, not even as NaN. */
  mask?: Tensor | undefined;
  /** From the last step to the first; default false. The sequence keeps the order of x. */
  reverse?: boolean | undefined;
  /** States before the first step, `[B, H]` each; default zeros. */
  initialState?: readonly Tensor[] | undefined;
  /** Function of the candidate, and of the cell; default `tanh`. */
  activation?: RecurrentActivation | undefined;
  /** Default: the plain cell. */
  variant?: CellVariant | undefined;
}

/** Options of the ops with gates. */
export interface GatedOptions extends RecurrentOptions {
  /** Function of the gates; default `sigmoid`. */
  recurrentActivation?: RecurrentActivation | undefined;
}

/** What a recurrent op returns. */
export interface RecurrentResult {
  /** States h at all steps `[B, T, H]`, 0 where masked. */
  sequence: Tensor3D;
  /** States after the last step, `[B, H]` each. */
  states: Tensor2D[];
}

/** B rows, T steps, C channels, H units. */
export interface RecurrentSizes {
  B: number;
  T: number;
  C: number;
  H: number;
}

/** A checked call. */
export interface RecurrentCall {
  cell: CellName;
  sizes: RecurrentSizes;
  /** The tensors that have a gradient. */
  inputs: {
    x: Tensor3D;
    kernel: Tensor2D;
    recurrent: Tensor2D;
    bias?: Tensor1D;
    recurrentBias?: Tensor1D;
    h0?: Tensor2D;
    c0?: Tensor2D;
  };
  mask?: Tensor2D;
  reverse: boolean;
  activation: RecurrentActivation;
  recurrentActivation: RecurrentActivation;
  variant?: CellVariant;
}

const gates: Record<CellName, number> = { lstm: 4, gru: 3, gruBefore: 3, rnn: 1 };

/** State tensors a cell has. */
export const stateCount = (cell: CellName) => (cell === 'lstm' ? 2 : 1);

/** @throws naming `op` where a shape, an option or an activation is not what the cell takes. */
export function recurrentCall(
  op: string,
  cell: CellName,
  x: Tensor,
  weights: RecurrentWeights & { recurrentBias?: Tensor | undefined },
  options: GatedOptions,
): RecurrentCall {
  const { kernel, recurrent, bias, recurrentBias } = weights;
  const { mask, reverse = false, initialState } = options;
  const C = kernel.shape[0]!;
  const H = recurrent.shape[0]!;
  const N = gates[cell] * H;
  if (recurrent.rank !== 2 || recurrent.shape[1] !== N) {
    const columns = gates[cell] === 1 ? 'H' : `${gates[cell]}·H`;
    fail(op, 'recurrent', `[H, ${columns}]`, recurrent, 'Are these the weights of another cell?');
  }
  const expect = (name: string, tensor: Tensor | undefined, shape: number[], fix: string) => {
    if (tensor && !tf.util.arraysEqual(tensor.shape, shape))
      fail(op, name, `[${shape.join(', ')}]`, tensor, fix);
  };
  const fitting = `recurrent makes H ${H}.`;
  if (kernel.rank !== 2 || kernel.shape[1] !== N) fail(op, 'kernel', `[C, ${N}]`, kernel, fitting);
  expect('bias', bias, [N], fitting);
  expect('recurrentBias', recurrentBias, [N], fitting);
  if (x.rank !== 3 || x.shape[2] !== C) {
    fail(op, 'x', `[B, T, ${C}]`, x, 'The kernel decides about the channels.');
  }
  const [B, T] = x.shape as [number, number, number];
  if (B === 0 || T === 0) fail(op, 'x', 'of one row and one step at least', x, 'Leave the call out.');
  expect('mask', mask, [B, T], 'It has one value for each step of x.');
  const states = stateCount(cell);
  if (initialState && initialState.length !== states) {
    throw new Error(
      `${op}: initialState must hold ${states === 2 ? '[h, c]' : '[h]'}, got ${initialState.length} tensors.`,
    );
  }
  for (const [i, state] of (initialState ?? []).entries()) {
    expect(`initialState[${i}]`, state, [B, H], 'It has one row for each of x, and one value for each unit.');
  }
  const [h0, c0] = initialState ?? [];
  const { variant } = options;
  expect(
    'variant.recurrentFactors',
    variant?.recurrentFactors,
    [B, H],
    'It has a factor for each value of h.',
  );
  for (const [name, gain] of Object.entries(variant?.norm ?? {})) {
    const columns = name === 'input' || name === 'recurrent' ? N : H;
    expect(`variant.norm.${name}`, gain as Tensor | undefined, [columns], fitting);
  }
  return {
    cell,
    sizes: { B, T, C, H },
    inputs: {
      x: float(x),
      kernel: float(kernel),
      recurrent: float(recurrent),
      ...(bias && { bias: float(bias) }),
      ...(recurrentBias && { recurrentBias: float(recurrentBias) }),
      ...(h0 && { h0: float(h0) }),
      ...(c0 && { c0: float(c0) }),
    },
    ...(mask && { mask: float(mask) }),
    ...(variant && { variant }),
    reverse,
    activation: checkActivation(op, 'activation', options.activation ?? 'tanh'),
    recurrentActivation: checkActivation(op, 'recurrentActivation', options.recurrentActivation ?? 'sigmoid'),
  };
}

function fail(op: string, name: string, expected: string, { shape }: Tensor, fix: string): never {
  throw new Error(`${op}: ${name} must be ${expected}, got [${shape.join(', ')}]. ${fix}`);
}

/** The tensor itself where it holds floats, so that no node is added to the tape. */
function float<R extends tf.Rank>(tensor: Tensor): Tensor<R> {
  return (tensor.dtype === 'float32' ? tensor : tf.cast(tensor, 'float32')) as Tensor<R>;
}

function checkActivation(op: string, option: string, name: RecurrentActivation): RecurrentActivation {
  if (name === 'softmax' || Object.hasOwn(activationCodes, name)) return name;
  const known = [...Object.keys(activationCodes), 'softmax'].join(', ');
  throw new Error(`${op}: ${option} must be one of ${known}; got ${name}.`);
}
