// A series that takes some learning, and whose noise is known.

import { createRandom, createSeries, HOUR, type Series } from '@tidecast/data';

/** Standard deviation of the noise on each value [m]. */
export const TIDE_NOISE = 0.05;

/** An hourly tide [m] of three constituents (12.42, 12 and 25.82 h) whose height drifts, with noise; channel `tide`. */
export function tideSeries(seed: number, length: number): Series {
  const noise = createRandom(seed, 'tide');
  let level = 0;
  const values = Float32Array.from({ length }, (_, t) => {
    level = 0.95 * level + 0.1 * noise.normal();
    const wave = (hours: number) => Math.sin((2 * Math.PI * t) / hours);
    const height = (1 + 0.5 * level) * (wave(12.42) + 0.4 * wave(12) + 0.3 * wave(25.82));
    return height + level + TIDE_NOISE * noise.normal();
  });
  return createSeries({ start: 0, step: HOUR, shape: [1], channels: [{ name: 'tide', unit: 'm' }], values });
}
