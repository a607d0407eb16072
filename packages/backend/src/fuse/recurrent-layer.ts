// What is read of a recurrent layer of tfjs-layers 4.22, by structure: this package does not import tfjs-layers.

import type { Tensor } from '@tensorflow/tfjs-core';
import { activationCodes } from '../kernels/activation-codes.ts';
import type { RecurrentActivation } from '../ops/recurrent-call.ts';

/** A weight: its values are a tf.Variable that the optimiser assigns to. */
interface LayerVariable {
  read(): Tensor;
}

interface Activation {
  getClassName(): string;
}

/** What stands in LSTM, GRU and SimpleRNN layers and does one step. */
export interface RecurrentCell {
  getClassName(): string;
  units: number;
  /** The weights are there once the layer is built. */
  kernel: LayerVariable;
  recurrentKernel: LayerVariable;
  /** Null with `useBias: false`. */
  bias: LayerVariable | null;
  activation: Activation;
  /** Absent in SimpleRNNCell. */
  recurrentActivation?: Activation;
  dropout: number;
  recurrentDropout: number;
  dropoutFunc?: (x: Tensor, rate: number) => Tensor;
}

/** What tfjs-layers hands to `call`. */
export interface CallArguments {
  mask?: Tensor | Tensor[] | null;
  training?: boolean | null;
  initialState?: Tensor[] | null;
}

export type Call = (inputs: Tensor | Tensor[], kwargs?: CallArguments | null) => Tensor | Tensor[];

export interface RecurrentLayer {
  name: string;
  getClassName(): string;
  cell: RecurrentCell;
  returnSequences: boolean;
  returnState: boolean;
  goBackwards: boolean;
  stateful: boolean;
  /** Of a stateful layer: the states it goes on from. */
  states: Tensor[];
  resetStates(states?: Tensor[], training?: boolean): void;
  call: Call;
}

const layerClasses = ['LSTM', 'GRU', 'SimpleRNN', 'RNN'];
const cellClasses = ['LSTMCell', 'GRUCell', 'SimpleRNNCell'];

/** True for every layer of tfjs-layers that runs a cell over time, whether or not it can be fused. */
export function isRecurrent(layer: object): layer is RecurrentLayer {
  const { cell } = layer as { cell?: { stateSize?: unknown } };
  return cell?.stateSize !== undefined;
}

/** The name of the fused ops for an activation; undefined where they know none. tfjs-layers has no leakyRelu. */
export function opActivation(activation: Activation): RecurrentActivation | undefined {
  const name = activation.getClassName();
  const known = name === 'softmax' || (name !== 'leakyRelu' && Object.hasOwn(activationCodes, name));
  return known ? (name as RecurrentActivation) : undefined;
}

/** True where a dropout rate drops anything: tfjs-layers takes a rate of 1 for none. */
export const drops = (rate: number) => rate > 0 && rate < 1;

/** Why no call of a layer can run fused; undefined where calls can. */
export function reasonToLeave(layer: RecurrentLayer): string | undefined {
  const { cell } = layer;
  if (!isExactly(layer, layerClasses)) {
    return `its class, ${layer.getClassName()}, is not tfjs-layers's own LSTM, GRU, SimpleRNN or RNN`;
  }
  if (!isExactly(cell, cellClasses)) {
    return `its cell, ${cell.getClassName()}, is not tfjs-layers's own LSTMCell, GRUCell or SimpleRNNCell`;
  }
  if (Object.hasOwn(layer, 'call') || Object.hasOwn(cell, 'call')) return 'its call has been replaced';
  for (const activation of [cell.activation, cell.recurrentActivation]) {
    if (activation && !opActivation(activation)) {
      return `the fused ops do not know its activation, ${activation.getClassName()}`;
    }
  }
  if (layer.getClassName() === 'RNN' && (drops(cell.dropout) || drops(cell.recurrentDropout))) {
    return 'it has dropout in a cell of its own, where tfjs-layers draws once and for all';
  }
  return undefined;
}

/** True for an instance of one of these classes itself: a class derived from one may compute something else. */
function isExactly(of: { getClassName(): string }, names: string[]): boolean {
  return names.includes(of.getClassName()) && Object.hasOwn(of.constructor, 'className');
}
