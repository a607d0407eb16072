/** Code of each element-wise function in the kernels, as in assembly/activations.ts. */
export const activationCodes = {
  linear: 0,
  tanh: 1,
  relu: 2,
  sigmoid: 3,
  elu: 4,
  leakyRelu: 5,
  softplus: 6,
  swish: 7,
  hardSigmoid: 8,
  relu6: 9,
} as const;

/** A function that has a code. */
export type ActivationCode = keyof typeof activationCodes;
