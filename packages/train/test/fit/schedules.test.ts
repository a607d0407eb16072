import { describe, expect, it } from 'vitest';
import {
  checkSchedule,
  learningRateAt,
  resolveSchedule,
  type ScheduleConfig,
} from '../../src/fit/schedules.ts';

/** Rates over `epochs` epochs of 4 steps, at the first step of each. */
function rates(config: ScheduleConfig, epochs: number, validationLosses: number[] = []): number[] {
  const schedule = resolveSchedule(config, epochs);
  checkSchedule(schedule);
  return Array.from({ length: epochs }, (_, epoch) =>
    learningRateAt(schedule, {
      base: 1,
      step: 4 * epoch,
      epoch,
      stepsPerEpoch: 4,
      validationLosses: validationLosses.slice(0, epoch),
    }),
  );
}

describe('schedules', () => {
  it('constant, step and exponential', () => {
    expect(rates({ type: 'constant' }, 3)).toEqual([1, 1, 1]);
    expect(rates({ type: 'step', every: 2, factor: 0.5 }, 5)).toEqual([1, 1, 0.5, 0.5, 0.25]);
    expect(rates({ type: 'exponential', factor: 0.5 }, 4)).toEqual([1, 0.5, 0.25, 0.125]);
  });

  it('cosine falls from η to its minimum over the epochs of the run, step by step', () => {
    const config = { type: 'cosine', minimum: 0.2 } as const;
    expect(rates(config, 4)[0]).toBe(1);
    expect(rates(config, 4)[2]).toBeCloseTo(0.6, 12);
    const schedule = resolveSchedule(config, 4);
    const at = (step: number) =>
      learningRateAt(schedule, { base: 1, step, epoch: 0, stepsPerEpoch: 4, validationLosses: [] });
    expect(at(16)).toBeCloseTo(0.2, 12);
    expect(at(99)).toBeCloseTo(0.2, 12);
    expect(at(1)).toBeLessThan(at(0));
  });

  it('warmup rises linearly, then leaves the rest to the other schedule', () => {
    const config: ScheduleConfig = { type: 'warmup', steps: 8, after: { type: 'exponential', factor: 0.5 } };
    expect(rates(config, 4)).toEqual([1 / 8, (5 / 8) * 0.5, 0.25, 0.125]);
    expect(rates({ type: 'warmup', steps: 4 }, 2)).toEqual([0.25, 1]);
  });

  it('plateau lowers the rate after `patience` epochs without a lower loss, and starts to wait anew', () => {
    const config: ScheduleConfig = { type: 'plateau', factor: 0.5, patience: 2 };
    expect(rates(config, 8, [3, 2, 2, 2, 2, 2, 1])).toEqual([1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25]);
    expect(rates({ ...config, minimum: 0.4 }, 8, [3, 2, 2, 2, 2, 2, 1]).at(-1)).toBe(0.4);
    expect(rates({ ...config, minDelta: 0.5 }, 5, [3, 2.9, 2.8, 2.7]).at(-1)).toBe(0.5);
    expect(rates({ ...config, minimum: 2 }, 5, [3, 3, 3, 3]).at(-1)).toBe(1);
  });

  it('refuses bad settings, also of an inner schedule', () => {
    const check = (config: unknown) => () => checkSchedule(config as ScheduleConfig);
    expect(check({ type: 'step', every: 0, factor: 1 })).toThrow(
      'schedule step: every must be a whole number',
    );
    expect(check({ type: 'warmup', steps: 3, after: { type: 'x' } })).toThrow(
      'schedule: type must be one of',
    );
    expect(check({ type: 'plateau', factor: 1, patience: 1 })).toThrow('factor must be');
    expect(check(undefined)).toThrow('schedule: type must be one of');
  });
});
