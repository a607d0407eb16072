// Optimisers in float64, one weight at a time, by the definitions of torch.optim.

/** What an update may depend on; each optimiser reads its own part. */
export interface OptimizerSettings {
  rate: number;
  /** What gradients are multiplied by before anything else. */
  scale?: number;
  /** λ of λ·w added to the gradient. */
  decay?: number;
  momentum?: number;
  nesterov?: boolean;
  /** α of RMSProp. */
  smoothing?: number;
  epsilon?: number;
  beta1?: number;
  beta2?: number;
  /** λ of AdamW: w ← w·(1 − η·λ) first. */
  decoupled?: number;
}

/** A weight and what is kept for it. */
export interface OptimizerState {
  weight: number;
  velocity: number;
  square: number;
  mean: number;
}

type Update = (state: OptimizerState, gradient: number, step: number, settings: OptimizerSettings) => void;

const total = (gradient: number, weight: number, { scale = 1, decay = 0 }: OptimizerSettings) =>
  scale * gradient + decay * weight;

/** g ← g + λ·w; v ← μ·v + g; w ← w − η·v (Nesterov: w − η·(g + μ·v)). */
export const sgd: Update = (state, gradient, _step, settings) => {
  const { rate, momentum = 0, nesterov = false } = settings;
  const g = total(gradient, state.weight, settings);
  state.velocity = momentum * state.velocity + g;
  state.weight -= rate * (nesterov ? g + momentum * state.velocity : state.velocity);
};

/** s ← α·s + (1 − α)·g²; w ← w − η·g/(√s + ε), with momentum through a velocity. */
export const rmsprop: Update = (state, gradient, _step, settings) => {
  const { rate, momentum = 0, smoothing = 0.99, epsilon = 1e-8 } = settings;
  const g = total(gradient, state.weight, settings);
  state.square = smoothing * state.square + (1 - smoothing) * g * g;
  state.velocity = momentum * state.velocity + g / (Math.sqrt(state.square) + epsilon);
  state.weight -= rate * state.velocity;
};

/** m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; w ← w − η·m̂/(√v̂ + ε) with the biases corrected. */
export const adam: Update = (state, gradient, step, settings) => {
  const { rate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decoupled = 0 } = settings;
  const g = total(gradient, state.weight, settings);
  state.weight *= 1 - rate * decoupled;
  state.mean = beta1 * state.mean + (1 - beta1) * g;
  state.square = beta2 * state.square + (1 - beta2) * g * g;
  const mean = state.mean / (1 - beta1 ** step);
  const square = state.square / (1 - beta2 ** step);
  state.weight -= (rate * mean) / (Math.sqrt(square) + epsilon);
};

/** Σ g². */
export function squaredNorm(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value * value, 0);
}
