// The grid of the course that Tidecast grew out of: networks by family, size, batch and length of training.

import { choice, type Space } from './space.ts';

/** A space and the budgets to read the loss at, as `search` takes them. */
export interface GridPreset {
  space: Space;
  /** Epochs. */
  budget: readonly number[];
}

/**
 * Family `rnn`, `lstm`, `gru` or `cnn1d`, 5 to 100 units (or filters), batches of 16 to 128, and 5 to 1000 epochs:
 * `search({ ...courseGrid(), strategy: grid(), … })`. Epochs are no field: one training of 1000 epochs passes all the
 * shorter ones on its way, so that 96 trainings fill a table of 768 rows. That holds as long as the schedule of the
 * learning rate does not depend on the number of epochs.
 */
export function courseGrid(): GridPreset {
  return {
    space: {
      family: choice(['rnn', 'lstm', 'gru', 'cnn1d']),
      units: choice([5, 10, 15, 20, 50, 100]),
      batchSize: choice([16, 32, 64, 128]),
    },
    budget: [5, 10, 20, 50, 100, 200, 500, 1000],
  };
}
