// What the recurrent ops ask of a backend: three kernels for each cell in tfjs's registry, and what they are told.

import type { CellName, RecurrentCall } from './recurrent-call.ts';

/**
 * Names of the kernels. The forward one takes the inputs of the call and its mask, and gives the sequence, the states, and any
 * number of tensors that it wants back. `…Grad` takes these as `kept0`, `kept1`, … and the gradients of sequence and
 * states as `dy0`, `dy1`, …; it gives the gradients by the inputs but x, in their order, and what it hands on to
 * `…InputGrad`, which takes that as `kept0`, … too and gives the gradient by x.
 */
export const kernelNames: Readonly<Record<CellName, string>> = {
  lstm: 'TidecastLstm',
  gru: 'TidecastGru',
  gruBefore: 'TidecastGruBefore',
  rnn: 'TidecastRnn',
};

/** Attributes of all three kernels. */
export type RecurrentAttributes = Pick<
  RecurrentCall,
  'cell' | 'sizes' | 'reverse' | 'activation' | 'recurrentActivation'
> & {
  /** Names of the inputs but x, in order. */
  names: readonly Exclude<keyof RecurrentCall['inputs'], 'x'>[];
  /** Whether the call has a mask. */
  masked: boolean;
  /** For `…Grad`: the gradient may be asked for again, so what the forward kernel kept must stay as it is. */
  again: boolean;
};
