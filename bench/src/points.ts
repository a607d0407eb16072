// What is measured: a point is one training step of one network at one size. The course's grid is 24 points a network.

/** Networks on windows `[B, T, 2]` → 12 outputs, and `cnn2d` on images `[B, 28, 28, 1]` → 10 classes. */
export const CELLS = ['rnn', 'lstm', 'gru', 'cnn1d', 'cnn2d'] as const;
export type Cell = (typeof CELLS)[number];

/** The networks of the course's grid. */
export const GRID_CELLS = ['rnn', 'lstm', 'gru', 'cnn1d'] as const satisfies readonly Cell[];
export const GRID_UNITS = [5, 10, 15, 20, 50, 100];
export const GRID_BATCHES = [16, 32, 64, 128];

/** Time steps of a window in the grid, its channels, and what is forecast. */
export const TIME_STEPS = 24;
export const CHANNELS = 2;
export const OUTPUTS = 12;

/** An image of the image network, and how many classes it tells apart. */
export const IMAGE_SHAPE = [28, 28, 1];
export const CLASSES = 10;

/** Units and batch of the image network; its layers have sizes of their own, `units` is its first layer's filters. */
export const IMAGE_POINT: Point = { cell: 'cnn2d', units: 24, batch: 64 };

export interface Point {
  cell: Cell;
  units: number;
  batch: number;
  /** Time steps of a window; default {@link TIME_STEPS}. */
  T?: number;
}

/** Every combination, in the order of the arguments. */
export function gridPoints({
  cells = GRID_CELLS,
  units = GRID_UNITS,
  batches = GRID_BATCHES,
  T,
}: {
  cells?: readonly Cell[];
  units?: readonly number[];
  batches?: readonly number[];
  T?: number;
} = {}): Point[] {
  return cells.flatMap((cell): Point[] =>
    cell === 'cnn2d'
      ? batches.map((batch) => ({ cell, units: IMAGE_POINT.units, batch }))
      : units.flatMap((each) =>
          batches.map((batch) => ({ cell, units: each, batch, ...(T === undefined ? {} : { T }) })),
        ),
  );
}

/** `lstm 50/32`, and the length of the window where it is not the grid's. */
export function pointName({ cell, units, batch, T }: Point): string {
  return `${cell} ${units}/${batch}${T === undefined || T === TIME_STEPS ? '' : ` T=${T}`}`;
}

/** Floating-point operations of one training step of an LSTM layer on windows, forward and backward, without Adam. */
export function lstmStepFlops({ units, batch, T = TIME_STEPS }: Point): number {
  // Forward: one product of [x, h] with [C + H, 4H] a time step. Backward: one for the weights' gradient of the same
  // size, and one for the gradient by h alone. The dense layer: forward and two products back.
  const forward = 2 * batch * T * (CHANNELS + units) * 4 * units;
  const byState = 2 * batch * T * units * 4 * units;
  const dense = 3 * 2 * batch * units * OUTPUTS;
  return 2 * forward + byState + dense;
}
