// Element-wise functions and their derivatives in float64, by the names and codes of assembly/activations.ts.

/** φ and φ′, both of x. */
export interface Activation {
  code: number;
  value: (x: number) => number;
  slope: (x: number) => number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

export const activations = {
  linear: { code: 0, value: (x) => x, slope: () => 1 },
  tanh: { code: 1, value: Math.tanh, slope: (x) => 1 - Math.tanh(x) ** 2 },
  relu: { code: 2, value: (x) => Math.max(x, 0), slope: (x) => Number(x > 0) },
  sigmoid: { code: 3, value: sigmoid, slope: (x) => sigmoid(x) * (1 - sigmoid(x)) },
  elu: { code: 4, value: (x) => (x > 0 ? x : Math.expm1(x)), slope: (x) => (x > 0 ? 1 : Math.exp(x)) },
  leakyRelu: { code: 5, value: (x) => (x > 0 ? x : 0.01 * x), slope: (x) => (x > 0 ? 1 : 0.01) },
  softplus: {
    code: 6,
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: sigmoid,
  },
  swish: {
    code: 7,
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  },
  hardSigmoid: {
    code: 8,
    value: (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
    slope: (x) => (Math.abs(x) < 2.5 ? 0.2 : 0),
  },
  relu6: { code: 9, value: (x) => Math.min(6, Math.max(x, 0)), slope: (x) => Number(x > 0 && x < 6) },
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;
