// The networks whose memory the adding problem and the copy task measure: a plain recurrent network, and the three cures
// for its vanishing gradients (another activation; a recurrence that begins as the identity, without bias; gates).

import { gru, type LayerConfig, lstm, rnn } from '@tidecast/models';

/** A kind of recurrent layer with what it is trained with. */
export interface MemoryCell {
  name: string;
  layer(settings: { units: number; returnSequences: boolean }): LayerConfig;
  /** Hidden units H: with these, all cells have about as many weights. */
  units: number;
  /** Learning rate of Adam on the adding problem, and on the copy task. */
  learningRate: number;
  copyRate: number;
}

/** Every cell, the plain one first. */
export const memoryCells: readonly MemoryCell[] = [
  { name: 'tanh RNN', layer: (settings) => rnn(settings), units: 64, learningRate: 0.001, copyRate: 0.001 },
  {
    name: 'ReLU RNN',
    layer: (settings) => rnn({ ...settings, activation: 'relu' }),
    units: 64,
    learningRate: 0.001,
    copyRate: 0.001,
  },
  {
    // Larger input weights than the 0.001 of its source leave the plateau of guessing sooner.
    name: 'IRNN',
    layer: (settings) =>
      rnn({
        ...settings,
        activation: 'relu',
        recurrentInit: 'identity',
        kernelInit: { type: 'normal', sigma: 0.1 },
      }),
    units: 64,
    learningRate: 0.0003,
    copyRate: 0.001,
  },
  { name: 'LSTM', layer: (settings) => lstm(settings), units: 32, learningRate: 0.01, copyRate: 0.01 },
  { name: 'GRU', layer: (settings) => gru(settings), units: 32, learningRate: 0.01, copyRate: 0.01 },
];
