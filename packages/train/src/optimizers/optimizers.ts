// Optimisers as data and plain functions on arrays.
// The gradients leave the tape as Float32Arrays. At the sizes of recurrent nets a loop over them costs about as much as
// the dispatch of the tensor operations it replaces, or less; it computes in float64, is the same on every backend,
// and makes clipping, checks for NaN and checkpoints plain code.
// In a plan the same rules run as kernels, over all weights at once.
// The semantics, names and defaults are those of torch.optim.

import type { Block, Kernels } from '@tidecast/backend';
import { checkNumber, lookUp } from '../check.ts';

/** Stochastic gradient descent, see {@link sgd}. */
export interface SgdConfig {
  type: 'sgd';
  learningRate: number;
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
}

/** RMSProp, see {@link rmsprop}. */
export interface RmspropConfig {
  type: 'rmsprop';
  learningRate: number;
  decay: number;
  epsilon: number;
  momentum: number;
  weightDecay: number;
}

/** Adam and AdamW, see {@link adam} and {@link adamw}. */
export interface AdamConfig {
  type: 'adam' | 'adamw';
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/** An optimiser as plain data. */
export type OptimizerConfig = SgdConfig | RmspropConfig | AdamConfig;

/** Running values an optimiser keeps for one weight, by name, each as long as the weight. */
export type Slots = Record<string, Float32Array>;

/** One update of one weight. `step` counts updates from 1; `learningRate` is what the schedule made of it. */
export interface UpdateArguments<C> {
  config: C;
  learningRate: number;
  step: number;
}

/** How an optimiser works: which slots it keeps and how it moves a weight. */
export interface OptimizerRule<C extends OptimizerConfig = OptimizerConfig> {
  /** @throws if a setting is out of bounds. */
  check(config: C): void;
  /** Names of the slots it keeps for each weight; all start at 0. */
  slots(config: C): readonly string[];
  /** Updates `weight` and `slots` in place from `gradient`, all of one length. */
  update(weight: Float32Array, gradient: Float32Array, slots: Slots, options: UpdateArguments<C>): void;
  /** The same for all weights at once, in a plan; true where all new weights are finite. */
  updatePlanned(kernels: Kernels, update: PlannedUpdate, options: UpdateArguments<C>): boolean;
}

/** All weights of a model in a plan, one after the other, their gradients and their slots. */
export interface PlannedUpdate {
  count: number;
  weight: Block;
  /** Takes the weights as they were. */
  previous: Block;
  gradient: Block;
  /** What the gradients are multiplied by first. */
  scale: number;
  slots: Readonly<Record<string, Block>>;
}

function checkShared(config: OptimizerConfig): void {
  checkNumber(`${config.type}: learningRate`, config.learningRate, { above: 0 });
  checkNumber(`${config.type}: weightDecay`, config.weightDecay, { min: 0 });
}

const sgdRule: OptimizerRule<SgdConfig> = {
  check(config) {
    checkShared(config);
    checkNumber('sgd: momentum', config.momentum, { min: 0, below: 1 });
    if (config.nesterov && config.momentum === 0) {
      throw new Error('sgd: nesterov needs a momentum greater than 0, got 0. Set momentum, for example 0.9.');
    }
  },
  slots: ({ momentum }) => (momentum > 0 ? ['velocity'] : []),
  update(weight, gradient, { velocity }, { config, learningRate }) {
    const { momentum, nesterov, weightDecay } = config;
    for (let i = 0; i < weight.length; i++) {
      const g = gradient[i]! + weightDecay * weight[i]!;
      let move = g;
      if (velocity) {
        velocity[i] = momentum * velocity[i]! + g;
        move = nesterov ? g + momentum * velocity[i]! : velocity[i]!;
      }
      weight[i] = weight[i]! - learningRate * move;
    }
  },
  updatePlanned(kernels, { count, weight, previous, gradient, scale, slots }, { config, learningRate }) {
    return Boolean(
      kernels.sgd(
        count,
        weight.address,
        previous.address,
        gradient.address,
        scale,
        slots.velocity?.address ?? 0,
        learningRate,
        config.momentum,
        config.nesterov,
        config.weightDecay,
      ),
    );
  },
};

const rmspropRule: OptimizerRule<RmspropConfig> = {
  check(config) {
    checkShared(config);
    checkNumber('rmsprop: decay', config.decay, { min: 0, below: 1 });
    checkNumber('rmsprop: epsilon', config.epsilon, { above: 0 });
    checkNumber('rmsprop: momentum', config.momentum, { min: 0, below: 1 });
  },
  slots: ({ momentum }) => (momentum > 0 ? ['square', 'velocity'] : ['square']),
  update(weight, gradient, { square, velocity }, { config, learningRate }) {
    const { decay, epsilon, momentum, weightDecay } = config;
    for (let i = 0; i < weight.length; i++) {
      const g = gradient[i]! + weightDecay * weight[i]!;
      square![i] = decay * square![i]! + (1 - decay) * g * g;
      let move = g / (Math.sqrt(square![i]!) + epsilon);
      if (velocity) {
        velocity[i] = momentum * velocity[i]! + move;
        move = velocity[i]!;
      }
      weight[i] = weight[i]! - learningRate * move;
    }
  },
  updatePlanned(kernels, { count, weight, previous, gradient, scale, slots }, { config, learningRate }) {
    return Boolean(
      kernels.rmsprop(
        count,
        weight.address,
        previous.address,
        gradient.address,
        scale,
        slots.square!.address,
        slots.velocity?.address ?? 0,
        learningRate,
        config.decay,
        1 - config.decay,
        config.epsilon,
        config.momentum,
        config.weightDecay,
      ),
    );
  },
};

const adamRule: OptimizerRule<AdamConfig> = {
  check(config) {
    checkShared(config);
    checkNumber(`${config.type}: beta1`, config.beta1, { min: 0, below: 1 });
    checkNumber(`${config.type}: beta2`, config.beta2, { min: 0, below: 1 });
    checkNumber(`${config.type}: epsilon`, config.epsilon, { above: 0 });
  },
  slots: () => ['mean', 'square'],
  update(weight, gradient, { mean, square }, options) {
    const { beta1, beta2, epsilon } = options.config;
    const { leak, penalty, rate, unbias } = adamFactors(options);
    for (let i = 0; i < weight.length; i++) {
      const g = gradient[i]! + penalty * weight[i]!;
      const m = beta1 * mean![i]! + (1 - beta1) * g;
      const v = beta2 * square![i]! + (1 - beta2) * g * g;
      mean![i] = m;
      square![i] = v;
      weight[i] = (1 - leak) * weight[i]! - (rate * m) / (Math.sqrt(v) * unbias + epsilon);
    }
  },
  updatePlanned(kernels, { count, weight, previous, gradient, scale, slots }, options) {
    const { beta1, beta2, epsilon } = options.config;
    const { leak, penalty, rate, unbias } = adamFactors(options);
    return Boolean(
      kernels.adam(
        count,
        weight.address,
        previous.address,
        gradient.address,
        scale,
        slots.mean!.address,
        slots.square!.address,
        rate,
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        unbias,
        epsilon,
        leak,
        penalty,
      ),
    );
  },
};

/** What an update of Adam depends on beside the weights: weight decay of either kind, and the bias corrections. */
function adamFactors({ config, learningRate, step }: UpdateArguments<AdamConfig>) {
  const { type, beta1, beta2, weightDecay } = config;
  return {
    leak: type === 'adamw' ? learningRate * weightDecay : 0,
    penalty: type === 'adamw' ? 0 : weightDecay,
    rate: learningRate / (1 - beta1 ** step),
    unbias: 1 / Math.sqrt(1 - beta2 ** step),
  };
}

/** Every optimiser by the `type` of its config. */
export const optimizers: Readonly<Record<OptimizerConfig['type'], OptimizerRule>> = {
  sgd: sgdRule as OptimizerRule,
  rmsprop: rmspropRule as OptimizerRule,
  adam: adamRule as OptimizerRule,
  adamw: adamRule as OptimizerRule,
};

/** The rule of a config, its settings checked. @throws if the type is unknown or a setting out of bounds. */
export function optimizerRule(config: OptimizerConfig): OptimizerRule {
  const rule = lookUp('optimizer: type', optimizers, config?.type);
  rule.check(config);
  return rule;
}

/** Settings with `undefined` ones left out, so that they do not cover defaults. */
function given<T extends object>(settings: T): T {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as T;
}

function checked<C extends OptimizerConfig>(config: C): C {
  optimizerRule(config);
  return config;
}

/**
 * Stochastic gradient descent, v ← μ·v + g, w ← w − η·v (Nesterov: w ← w − η·(g + μ·v)).
 * `weightDecay` λ adds λ·w to g. Defaults: no momentum, no decay.
 */
export function sgd(settings: Partial<SgdConfig> & { learningRate: number }): SgdConfig {
  return checked({ momentum: 0, nesterov: false, weightDecay: 0, ...given(settings), type: 'sgd' });
}

/**
 * RMSProp, s ← α·s + (1 − α)·g², w ← w − η·g / (√s + ε) (Tieleman and Hinton 2012), with `decay` α 0.99,
 * `epsilon` 1e-8, learning rate 0.01. With momentum the quotient goes through a velocity as in {@link sgd}.
 */
export function rmsprop(settings: Partial<RmspropConfig> = {}): RmspropConfig {
  const defaults = { learningRate: 0.01, decay: 0.99, epsilon: 1e-8, momentum: 0, weightDecay: 0 };
  return checked({ ...defaults, ...given(settings), type: 'rmsprop' });
}

const adamDefaults = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/**
 * Adam, m ← β₁·m + (1 − β₁)·g, v ← β₂·v + (1 − β₂)·g², w ← w − η·m̂ / (√v̂ + ε) with m̂ = m / (1 − β₁ᵗ),
 * v̂ = v / (1 − β₂ᵗ) (Kingma and Ba 2015). `weightDecay` λ adds λ·w to g; default 0.
 */
export function adam(settings: Partial<Omit<AdamConfig, 'type'>> = {}): AdamConfig {
  return checked({ ...adamDefaults, weightDecay: 0, ...given(settings), type: 'adam' });
}

/**
 * Adam with decoupled weight decay: w ← w·(1 − η·λ) before the step of {@link adam} (Loshchilov and Hutter 2019).
 * `weightDecay` λ, default 0.01.
 */
export function adamw(settings: Partial<Omit<AdamConfig, 'type'>> = {}): AdamConfig {
  return checked({ ...adamDefaults, weightDecay: 0.01, ...given(settings), type: 'adamw' });
}
