// Batch normalisation in float64, by its definition.

/** Mean and biased variance of the columns of `x [rows, C]`. */
export function moments(x: ArrayLike<number>, C: number): { mean: number[]; variance: number[] } {
  const rows = x.length / C;
  const columns = Array.from({ length: C }, (_, c) =>
    Array.from({ length: rows }, (_, row) => x[row * C + c]!),
  );
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / rows;
  const mean = columns.map(average);
  return {
    mean,
    variance: columns.map((column, c) => average(column.map((value) => (value - mean[c]!) ** 2))),
  };
}

interface Norm {
  mean: ArrayLike<number>;
  variance: ArrayLike<number>;
  gamma: ArrayLike<number>;
  beta: ArrayLike<number>;
  epsilon: number;
}

/** γ·(x − μ)/√(σ² + ε) + β. */
export function batchNorm(x: ArrayLike<number>, { mean, variance, gamma, beta, epsilon }: Norm): number[] {
  const C = gamma.length;
  return Array.from(x, (value, i) => {
    const c = i % C;
    return (gamma[c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + epsilon) + beta[c]!;
  });
}

/** The gradients of `Σ dy·batchNorm(x)`; `moving`: mean and variance are those of x, and are differentiated too. */
export function batchNormGradient(x: ArrayLike<number>, dy: ArrayLike<number>, norm: Norm, moving: boolean) {
  const { mean, variance, gamma, epsilon } = norm;
  const C = gamma.length;
  const rows = x.length / C;
  const scale = Array.from(variance, (value) => 1 / Math.sqrt(value + epsilon));
  const dGamma = new Array<number>(C).fill(0);
  const dBeta = new Array<number>(C).fill(0);
  for (let i = 0; i < x.length; i++) {
    const c = i % C;
    dBeta[c]! += dy[i]!;
    dGamma[c]! += dy[i]! * (x[i]! - mean[c]!) * scale[c]!;
  }
  const dx = Array.from(x, (value, i) => {
    const c = i % C;
    const through = dBeta[c]! / rows + ((value - mean[c]!) * scale[c]! * dGamma[c]!) / rows;
    return gamma[c]! * scale[c]! * (dy[i]! - (moving ? through : 0));
  });
  return { dGamma, dBeta, dx };
}
