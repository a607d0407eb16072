// Losses and softmax in float64, by the codes and definitions of assembly/losses.ts.

/** A weighted mean and its gradient by the outputs. */
export interface Measured {
  loss: number;
  gradient: number[];
}

interface Pointwise {
  code: number;
  value(r: number, delta: number): number;
  slope(r: number, delta: number): number;
}

/** l of r = output − y, and dl/dr, which is 0 at r = 0. */
export const pointwise = {
  mse: { code: 0, value: (r) => r * r, slope: (r) => 2 * r },
  mae: { code: 1, value: (r) => Math.abs(r), slope: (r) => Math.sign(r) },
  huber: {
    code: 2,
    value: (r, delta) => (Math.abs(r) <= delta ? (r * r) / 2 : delta * (Math.abs(r) - delta / 2)),
    slope: (r, delta) => Math.max(-delta, Math.min(delta, r)),
  },
} satisfies Record<string, Pointwise>;

const ones = (values: ArrayLike<number>) => Array.from(values, () => 1);

/** Σ w·l / Σ w. */
export function pointwiseLoss(
  { value, slope }: Pointwise,
  delta: number,
  output: ArrayLike<number>,
  y: ArrayLike<number>,
  weight: ArrayLike<number> = ones(output),
): Measured {
  const total = Array.from(weight).reduce((sum, w) => sum + w, 0);
  const residuals = Array.from(output, (each, i) => each - y[i]!);
  return {
    loss: residuals.reduce((sum, r, i) => sum + weight[i]! * value(r, delta), 0) / total,
    gradient: residuals.map((r, i) => (weight[i]! * slope(r, delta)) / total),
  };
}

const rowsOf = (x: ArrayLike<number>, width: number) =>
  Array.from({ length: x.length / width }, (_, row) =>
    Array.from({ length: width }, (_, k) => x[row * width + k]!),
  );

/** ln softmax of one row. */
function logSoftmaxRow(row: number[]): number[] {
  const shift = Math.max(...row);
  const logSum = Math.log(row.reduce((sum, value) => sum + Math.exp(value - shift), 0));
  return row.map((value) => value - shift - logSum);
}

/** ln softmax of each row. */
export function logSoftmax(x: ArrayLike<number>, classes: number): number[] {
  return rowsOf(x, classes).flatMap(logSoftmaxRow);
}

/** dx from dy and x: dyₖ/dxⱼ = δₖⱼ − softmax(x)ⱼ. */
export function logSoftmaxGradient(x: ArrayLike<number>, dy: ArrayLike<number>, classes: number): number[] {
  const down = rowsOf(dy, classes);
  return rowsOf(softmax(x, classes), classes).flatMap((p, row) => {
    const total = down[row]!.reduce((sum, value) => sum + value, 0);
    return p.map((pj, j) => down[row]![j]! - pj * total);
  });
}

/** softmax of each row. */
export function softmax(x: ArrayLike<number>, classes: number): number[] {
  return rowsOf(x, classes).flatMap((row) => logSoftmaxRow(row).map(Math.exp));
}

/** dx from dy and y = softmax(x), as the whole Jacobian: dyₖ/dxⱼ = yₖ·(δₖⱼ − yⱼ). */
export function softmaxGradient(y: ArrayLike<number>, dy: ArrayLike<number>, classes: number): number[] {
  const down = rowsOf(dy, classes);
  return rowsOf(y, classes).flatMap((p, row) =>
    p.map((pj, j) => p.reduce((sum, pk, k) => sum + down[row]![k]! * pk * (Number(k === j) - pj), 0)),
  );
}

/** −Σ w·y·ln softmax(output) / Σ w·y. */
export function crossEntropy(
  output: ArrayLike<number>,
  y: ArrayLike<number>,
  classes: number,
  weight: ArrayLike<number> = ones(y),
): Measured {
  const mass = Array.from(y, (value, i) => value * weight[i]!);
  const total = mass.reduce((sum, value) => sum + value, 0);
  const logs = rowsOf(output, classes).map(logSoftmaxRow);
  const masses = rowsOf(mass, classes);
  return {
    loss: -logs.flat().reduce((sum, value, i) => sum + value * mass[i]!, 0) / total,
    gradient: logs.flatMap((row, i) => {
      const ofRow = masses[i]!.reduce((sum, value) => sum + value, 0);
      return row.map((value, k) => (Math.exp(value) * ofRow - masses[i]![k]!) / total);
    }),
  };
}
