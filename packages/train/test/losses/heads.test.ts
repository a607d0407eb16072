// What the outputs of a head mean.

import { gaussian } from '@tidecast/eval';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { betaNll, gaussianNll, quantileLoss, studentTNll } from '../../src/index.ts';

setUpBackend();

const softplus = (x: number) => Math.log1p(Math.exp(x));
const rows = (data: number[], parameters: number) => ({
  data: Float32Array.from(data),
  shape: [data.length / parameters, 1, parameters],
});

describe('heads', () => {
  it('of gaussianNll and betaNll: mean, and softplus plus the floor as the deviation', () => {
    for (const loss of [gaussianNll({ floor: 0.25 }), betaNll({ floor: 0.25 })]) {
      const said = loss.head!.distributions(rows([1, 0, -2, 3], 2));
      expect([...said.mean()]).toEqual([1, -2]);
      expect(said.variance()[1]).toBeCloseTo((softplus(3) + 0.25) ** 2, 12);
    }
  });

  it('of studentTNll: location, scale, and at least 2.01 degrees of freedom where they are learnt', () => {
    const learnt = studentTNll().head!.distributions(rows([1, 0, -1e4, 1, 0, 2], 3));
    expect(learnt.variance().every(Number.isFinite)).toBe(true);
    expect(learnt.variance()[0]).toBeGreaterThan(learnt.variance()[1]!);
    const fixed = studentTNll({ degreesOfFreedom: 4 }).head!.distributions(rows([1, 0], 2));
    expect(fixed.variance()[0]).toBeCloseTo(2 * (softplus(0) + 1e-3) ** 2, 12);
  });

  it('of quantileLoss: outputs of 0 are the quantiles of the standard normal law around the middle, within 1e-12', () => {
    const normal = gaussian({ mean: [0], sd: [1] });
    for (const levels of [[0.05, 0.25, 0.5, 0.75, 0.95], [0.5], [0.01, 0.1, 0.6, 0.9]]) {
      const { distributions, levels: own } = quantileLoss({ levels }).head!;
      expect(own).toEqual(levels);
      const said = distributions(
        rows(
          levels.map(() => 0),
          levels.length,
        ),
      );
      const middle = levels.reduce((best, level) =>
        Math.abs(level - 0.5) < Math.abs(best - 0.5) ? level : best,
      );
      for (const level of levels) {
        const expected = normal.quantile(level)[0]! - normal.quantile(middle)[0]!;
        expect(Math.abs(said.quantile(level)[0]! - expected)).toBeLessThan(1e-12);
      }
    }
  });

  it('of quantileLoss never cross, whatever the outputs', () => {
    const { distributions } = quantileLoss({ levels: [0.1, 0.4, 0.9] }).head!;
    const said = distributions(rows([-30, 2, -30, 50, -50, 50, -1e4, 0, -1e4], 3));
    for (let i = 0; i < 3; i++) {
      const quantiles = [0.1, 0.4, 0.9].map((level) => said.quantile(level)[i]!);
      expect([...quantiles].sort((a, b) => a - b)).toEqual(quantiles);
    }
  });

  it('refuse outputs of another width, and settings out of bounds', () => {
    expect(() => gaussianNll().head!.distributions(rows([1, 2, 3], 3))).toThrow(
      'head: outputs must have 2 parameters on their last axis, got [1, 1, 3].',
    );
    expect(() => gaussianNll({ floor: 0 })).toThrow(
      'gaussianNll: floor must be a finite number greater than 0',
    );
    expect(() => betaNll({ beta: 1.5 })).toThrow(
      'betaNll: beta must be a finite number at least 0 and at most 1',
    );
    expect(() => studentTNll({ degreesOfFreedom: 0 })).toThrow('degreesOfFreedom must be');
    expect(() => quantileLoss({ levels: [0.9, 0.1] })).toThrow(
      'quantileLoss: levels must be a list that increases between 0 and 1, got [0.9,0.1].',
    );
  });
});
