// Where to look at a smooth function so that few looks give its integral.

/**
 * Nodes and weights of the Gauss–Legendre rule on [0, 1]: ∫ f ≈ Σ wᵢ f(αᵢ), exact for polynomials of a degree up to
 * 2n − 1. The nodes are the zeros of the Legendre polynomial Pₙ, by Newton's method from cos(π(i + ¾)/(n + ½)).
 */
export function gaussLegendre(n: number): { nodes: Float64Array; weights: Float64Array } {
  const nodes = new Float64Array(n);
  const weights = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      // k·Pₖ = (2k − 1)·x·Pₖ₋₁ − (k − 1)·Pₖ₋₂
      let [before, value] = [0, 1];
      for (let k = 1; k <= n; k++) {
        [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      }
      slope = (n * (x * value - before)) / (x * x - 1);
      const change = value / slope;
      x -= change;
      if (Math.abs(change) < 1e-15) break;
    }
    nodes[i] = (1 - x) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}
