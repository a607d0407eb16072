// What drives the synthetic ionosphere: a solar flux that changes from day to day, and a Kp with storms.

import { createRandom, DAY, HOUR } from '@tidecast/data';

/** A made-up Kp, one value per three hours. */
export interface SampleKp {
  /** Time of the first interval [ms UTC]. */
  start: number;
  /** Kp of each 3-hour interval, in thirds, 0 … 9. */
  values: Float32Array;
}

const PER_DAY = 8;
const ROTATION_DAYS = 27;

/**
 * Daily solar flux F10.7 [sfu]: a mean, a 27-day rotation and an AR(1) of six days' memory.
 * One more day than asked for, so that values between days can be interpolated.
 */
export function sampleSolarFlux(days: number, seed: number): Float32Array {
  const random = createRandom(seed, 'solar-flux');
  const mean = 115 + 30 * random.uniform();
  const amplitude = 12 + 10 * random.uniform();
  const phase = 2 * Math.PI * random.uniform();
  const memory = Math.exp(-1 / 6);
  let state = 8 * random.normal();
  return Float32Array.from({ length: days + 1 }, (_, day) => {
    state = memory * state + 8 * Math.sqrt(1 - memory * memory) * random.normal();
    return Math.max(65, mean + amplitude * Math.sin((2 * Math.PI * day) / ROTATION_DAYS + phase) + state);
  });
}

/**
 * Kp from `start` on: an AR(1) background, a fast solar-wind stream that comes back with each rotation of the
 * sun, and now and then a storm with a sudden onset and a decay over half a day to a day. Quantised to thirds.
 */
export function sampleKp(start: number, days: number, seed: number): SampleKp {
  const background = createRandom(seed, 'kp-background');
  const count = days * PER_DAY;
  const levels = new Float64Array(count);
  const memory = Math.exp(-1 / 4);
  let state = background.normal();
  for (let i = 0; i < count; i++) {
    state = memory * state + Math.sqrt(1 - memory * memory) * background.normal();
    levels[i] = 1.6 + 0.8 * state;
  }
  for (const event of [...streams(days, seed), ...storms(days, seed)]) {
    for (let i = Math.max(0, Math.floor(event.onset)); i < count; i++) {
      const age = i - event.onset;
      if (age < 0) continue;
      const rise = 1 - Math.exp(-(age + 0.5) / event.rise);
      const level = event.peak * rise * Math.exp(-Math.max(0, age - event.plateau) / event.decay);
      if (level < 0.2 && age > event.plateau) break;
      levels[i] = Math.max(levels[i]!, level + 0.4 * background.normal());
    }
  }
  return {
    start,
    values: Float32Array.from(levels, (level) => Math.round(Math.max(0, Math.min(9, level)) * 3) / 3),
  };
}

/** A disturbance of Kp; times in 3-hour intervals from the start. */
interface Disturbance {
  onset: number;
  peak: number;
  rise: number;
  plateau: number;
  decay: number;
}

function streams(days: number, seed: number): Disturbance[] {
  const random = createRandom(seed, 'kp-streams');
  const phase = random.uniform() * ROTATION_DAYS;
  const found: Disturbance[] = [];
  for (let day = phase - ROTATION_DAYS; day < days; day += ROTATION_DAYS) {
    found.push({
      onset: (day + random.normal()) * PER_DAY,
      peak: 3.8 + 1.4 * random.uniform(),
      rise: 1.5,
      plateau: 8 + 8 * random.uniform(),
      decay: 8,
    });
  }
  return found;
}

function storms(days: number, seed: number): Disturbance[] {
  const random = createRandom(seed, 'kp-storms');
  const found: Disturbance[] = [];
  // One storm in twelve days on average, the next not before four days.
  for (let day = 7 * random.uniform(); day < days; day += 4 - 8 * Math.log(1 - random.uniform())) {
    found.push({
      onset: day * PER_DAY,
      peak: 5.2 + 3.2 * random.uniform() ** 1.5,
      rise: 0.8,
      plateau: 3 + 4 * random.uniform(),
      decay: 3 + 4 * random.uniform(),
    });
  }
  return found;
}

/** Time [ms] to Kp of the interval it lies in; the first or last value outside. */
export function kpAt(kp: SampleKp, time: number): number {
  const index = Math.floor((time - kp.start) / (3 * HOUR));
  return kp.values[Math.max(0, Math.min(kp.values.length - 1, index))]!;
}

/** Day of the year of a time, 1 … 366, with its fraction. */
export function dayOfYear(time: number): number {
  return (time - Date.UTC(new Date(time).getUTCFullYear(), 0, 1)) / DAY + 1;
}
