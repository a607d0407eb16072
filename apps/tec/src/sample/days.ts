// The seeded generator of sample days: climatology × exp(weather + storms), on the grid and at the pace of the
// IGS maps, together with the Kp and solar flux that drove it. Everything here is made up.

import { createRandom, DAY, HOUR } from '@tidecast/data';
import { dayOfYear, type SampleKp, sampleKp, sampleSolarFlux } from './activity.ts';
import {
  declination,
  diurnalFactor,
  diurnalShape,
  magneticFactor,
  seasonalFactor,
  solarFactor,
} from './climatology.ts';
import {
  addField,
  createField,
  type Field,
  LATITUDES,
  LONGITUDES,
  MAGNETIC_LATITUDES,
  stepField,
} from './field.ts';

/** What to make up. */
export interface SampleOptions {
  /** Number of days, 1 … 3660; default 60. */
  days?: number;
  /** The same seed gives the same sample; default 1. */
  seed?: number;
  /**
   * First day [ms UTC, a midnight]; default 2035-01-15, so far off that nobody takes it for an observation.
   */
  start?: number;
}

/** One made-up day of global maps, from 00:00 to 24:00. */
export interface SampleDay {
  /** Midnight at which the day begins [ms UTC]. */
  date: number;
  /** Time of each map [ms UTC]: 00:00, 02:00 … 24:00. */
  times: number[];
  /** Vertical TEC [TECU] of each map, `[13, 71, 73]`. */
  tec: Float32Array;
  /** Its made-up uncertainty [TECU], `[13, 71, 73]`. */
  rms: Float32Array;
}

/** A whole sample: what drove it, and its days one by one (each can be walked once, in order). */
export interface Sample {
  start: number;
  days: number;
  seed: number;
  kp: SampleKp;
  /** F10.7 [sfu] of each day, and of the day after the last. */
  solarFlux: Float32Array;
  maps(): Generator<SampleDay, void, void>;
}

/** First day of a sample that does not say otherwise [ms UTC]. */
export const SAMPLE_START: number = Date.UTC(2035, 0, 15);
const STEP = 2 * HOUR;
const MAPS = DAY / STEP + 1;
/** Days the field runs before the first map, so that storms and weather are under way. */
const SPIN_UP_DAYS = 5;

/**
 * Makes up a sample: global TEC maps every 2 h and a Kp.
 * @throws if `days` is not within 1 … 3660 or `start` is not a midnight.
 */
export function createSample(options: SampleOptions = {}): Sample {
  const { days = 60, seed = 1, start = SAMPLE_START } = options;
  if (!Number.isInteger(days) || days < 1 || days > 3660) {
    throw new Error(`sample: days must be a whole number from 1 to 3660, got ${days}.`);
  }
  if (!Number.isSafeInteger(start) || start % DAY !== 0) {
    throw new Error(`sample: start must be a midnight in ms UTC, got ${start}.`);
  }
  const kp = sampleKp(start - SPIN_UP_DAYS * DAY, days + SPIN_UP_DAYS, seed);
  const solarFlux = sampleSolarFlux(days, seed);
  return {
    start,
    days,
    seed,
    solarFlux,
    kp: { start, values: kp.values.slice(SPIN_UP_DAYS * 8) },
    *maps() {
      const field = createField(seed, STEP);
      let time = start - SPIN_UP_DAYS * DAY;
      while (time < start) {
        time += STEP;
        stepField(field, time, kp);
      }
      let last = drawMap(field, time, solarFlux[0]!);
      for (let day = 0; day < days; day++) {
        const date = start + day * DAY;
        const times = Array.from({ length: MAPS }, (_, i) => date + i * STEP);
        const maps = [last];
        for (let i = 1; i < MAPS; i++) {
          time += STEP;
          stepField(field, time, kp);
          maps.push(drawMap(field, time, fluxAt(solarFlux, (time - start) / DAY)));
        }
        last = maps[MAPS - 1]!;
        yield finishDay(date, times, maps, seed);
      }
    },
  };
}

function fluxAt(flux: Float32Array, day: number): number {
  const index = Math.min(flux.length - 2, Math.floor(day));
  const part = day - index;
  return flux[index]! * (1 - part) + flux[index + 1]! * part;
}

const MAGNETIC_FACTORS = Float32Array.from(MAGNETIC_LATITUDES, magneticFactor);

/** The true map [TECU] `[71, 73]` at a time: NTCM with its factors kept apart for speed, times exp(field). */
function drawMap(field: Field, time: number, solarFlux: number): Float32Array {
  const day = dayOfYear(time);
  const hour = (time % DAY) / HOUR;
  const scale = seasonalFactor(day) * solarFactor(solarFlux);
  const map = new Float32Array(LATITUDES.length * LONGITUDES.length);
  addField(field, hour, declination(day), map);
  const shapes = LONGITUDES.map((longitude) => diurnalShape(hour + longitude / 15));
  LATITUDES.forEach((latitude, row) => {
    const { level, swing } = diurnalFactor(latitude, day);
    for (let column = 0; column < LONGITUDES.length; column++) {
      const point = row * LONGITUDES.length + column;
      const quiet = Math.max(0.3, (level + swing * shapes[column]!) * MAGNETIC_FACTORS[point]! * scale);
      map[point] = quiet * Math.exp(map[point]!);
    }
  });
  return map;
}

/** Adds each day's own analysis error, so that 24:00 of a day and 00:00 of the next differ as in real products. */
function finishDay(date: number, times: number[], maps: Float32Array[], seed: number): SampleDay {
  const random = createRandom(seed, 'analysis', date / DAY);
  const size = LATITUDES.length * LONGITUDES.length;
  const tec = new Float32Array(maps.length * size);
  const rms = new Float32Array(maps.length * size);
  maps.forEach((map, index) => {
    const amplitudes = Array.from({ length: 6 }, () => 0.015 * random.normal());
    for (let point = 0; point < size; point++) {
      const row = Math.floor(point / LONGITUDES.length);
      const around = (2 * Math.PI * (point % LONGITUDES.length)) / (LONGITUDES.length - 1);
      const phi = (Math.PI * row) / (LATITUDES.length - 1);
      const error =
        amplitudes[0]! * Math.cos(phi) +
        amplitudes[1]! * Math.cos(3 * phi) +
        Math.sin(phi) *
          (amplitudes[2]! * Math.cos(2 * around) +
            amplitudes[3]! * Math.sin(2 * around) +
            amplitudes[4]! * Math.cos(3 * around) +
            amplitudes[5]! * Math.sin(3 * around));
      const value = map[point]! * (1 + error);
      tec[index * size + point] = value;
      rms[index * size + point] = 0.5 + 0.04 * value + 0.4 * (1 - Math.sin(phi));
    }
  });
  return { date, times, tec, rms };
}
