import type { NdArray } from '@tidecast/data';

/**
 * The place of a class among the outputs of one picture, `[1, K]`; absent: the one with the largest output.
 * @throws if the network has other outputs, or no such class.
 */
export function chosenClass(
  who: string,
  { data, shape }: Pick<NdArray, 'data' | 'shape'>,
  choice: number | undefined,
): number {
  if (shape.length !== 2) {
    throw new Error(
      `${who}: the network must have one output for each class, [B, K], got [${shape.join(', ')}].`,
    );
  }
  const classes = shape[1]!;
  if (choice === undefined) {
    let best = 0;
    for (let k = 1; k < classes; k++) if (data[k]! > data[best]!) best = k;
    return best;
  }
  if (!(Number.isInteger(choice) && choice >= 0 && choice < classes)) {
    throw new Error(`${who}: class must be a whole number from 0 to ${classes - 1}, got ${choice}.`);
  }
  return choice;
}
