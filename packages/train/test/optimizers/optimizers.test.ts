import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptySlots } from '../../src/fit/run-state.ts';
import {
  adam,
  adamw,
  type OptimizerConfig,
  optimizerRule,
  rmsprop,
  sgd,
} from '../../src/optimizers/optimizers.ts';

/** One scalar weight in float64, straight from the published equations; `g` are the gradients of its steps. */
const references: Record<string, (w: number, g: number[], c: never) => number> = {
  sgd(w, g, c: ReturnType<typeof sgd>) {
    let v = 0;
    for (const raw of g) {
      const grad = raw + c.weightDecay * w;
      v = c.momentum * v + grad;
      w -= c.learningRate * (c.nesterov ? grad + c.momentum * v : v);
    }
    return w;
  },
  rmsprop(w, g, c: ReturnType<typeof rmsprop>) {
    let s = 0;
    let v = 0;
    for (const raw of g) {
      const grad = raw + c.weightDecay * w;
      s = c.decay * s + (1 - c.decay) * grad ** 2;
      v = c.momentum * v + grad / (Math.sqrt(s) + c.epsilon);
      w -= c.learningRate * v;
    }
    return w;
  },
  adam(w, g, c: ReturnType<typeof adam>) {
    let m = 0;
    let v = 0;
    g.forEach((raw, i) => {
      const grad = raw + (c.type === 'adam' ? c.weightDecay * w : 0);
      m = c.beta1 * m + (1 - c.beta1) * grad;
      v = c.beta2 * v + (1 - c.beta2) * grad ** 2;
      const hatM = m / (1 - c.beta1 ** (i + 1));
      const hatV = v / (1 - c.beta2 ** (i + 1));
      if (c.type === 'adamw') w -= c.learningRate * c.weightDecay * w;
      w -= (c.learningRate * hatM) / (Math.sqrt(hatV) + c.epsilon);
    });
    return w;
  },
};

const configs: OptimizerConfig[] = [
  sgd({ learningRate: 0.05 }),
  sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 0.1 }),
  sgd({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
  rmsprop(),
  rmsprop({ decay: 0.9, momentum: 0.7, weightDecay: 0.1 }),
  adam({ learningRate: 0.01, weightDecay: 0.1 }),
  adamw({ learningRate: 0.01, weightDecay: 0.1 }),
];

const gradients = fc.array(
  fc.array(fc.double({ min: -10, max: 10, noNaN: true }).map(Math.fround), { minLength: 3, maxLength: 3 }),
  { minLength: 1, maxLength: 20 },
);

describe('optimisers', () => {
  it.each(configs.map((config) => [JSON.stringify(config), config] as const))(
    '%s agrees with a float64 loop within 1e-5 of the way moved',
    (_, config) => {
      const rule = optimizerRule(config);
      const reference = references[config.type === 'adamw' ? 'adam' : config.type]!;
      fc.assert(
        fc.property(gradients, (steps) => {
          const start = [0.5, -1, 0];
          const weight = Float32Array.from(start);
          const slots = emptySlots(config, 3);
          steps.forEach((g, i) => {
            const options = { config, learningRate: config.learningRate, step: i + 1 };
            rule.update(weight, Float32Array.from(g), slots, options);
          });
          start.forEach((w, k) => {
            const expected = reference(w, steps.map((g) => g[k]!) as number[], config as never);
            const moved = Math.max(1, Math.abs(expected - w));
            expect(Math.abs(weight[k]! - expected)).toBeLessThan(1e-5 * moved);
          });
        }),
      );
    },
  );

  it('fills in the defaults of torch.optim, and undefined does not cover them', () => {
    const expected = { learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    expect(adam({ learningRate: undefined })).toEqual({ type: 'adam', weightDecay: 0, ...expected });
    expect(adamw()).toEqual({ type: 'adamw', weightDecay: 0.01, ...expected });
    expect(rmsprop().decay).toBe(0.99);
    expect(JSON.parse(JSON.stringify(sgd({ learningRate: 1 })))).toEqual(sgd({ learningRate: 1 }));
  });

  it('refuses settings out of bounds, saying which', () => {
    expect(() => adam({ learningRate: -1 })).toThrow(
      'adam: learningRate must be a finite number greater than 0, got -1.',
    );
    expect(() => adam({ beta1: 1 })).toThrow(
      'adam: beta1 must be a finite number at least 0 and less than 1',
    );
    expect(() => sgd({ learningRate: 1, nesterov: true })).toThrow('needs a momentum');
    expect(() => optimizerRule({ type: 'lion' } as never)).toThrow(
      "optimizer: type must be one of sgd, rmsprop, adam, adamw, got 'lion'.",
    );
    expect(() => optimizerRule({ type: 'toString' } as never)).toThrow('must be one of');
  });
});
