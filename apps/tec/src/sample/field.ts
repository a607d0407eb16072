// The irregular part of the synthetic ionosphere, as a factor exp(f) on the climatology: weather that is smooth
// in space and time, crests that are stronger on some days, and storms that answer to Kp with a delay.

import { createRandom, HOUR, type Random } from '@tidecast/data';
import { kpAt, type SampleKp } from './activity.ts';
import { magneticLatitude } from './climatology.ts';

const RADIANS = Math.PI / 180;

/** Grid of the sample maps: the one of the IGS products. */
export const LATITUDES: readonly number[] = Array.from({ length: 71 }, (_, i) => 87.5 - 2.5 * i);
export const LONGITUDES: readonly number[] = Array.from({ length: 73 }, (_, i) => -180 + 5 * i);

/** Magnetic latitude of every grid point [degrees], `[71, 73]`. */
export const MAGNETIC_LATITUDES: Float32Array = Float32Array.from(
  LATITUDES.flatMap((latitude) => LONGITUDES.map((longitude) => magneticLatitude(latitude, longitude))),
);

/** One spatial pattern whose strength wanders as an AR(1). */
interface Mode {
  latitude: Float32Array;
  /** Wave number around the globe. */
  wave: number;
  /** Fixed to local time (moves with the sun) or to the ground. */
  followsSun: boolean;
  memory: number;
  sd: number;
  cosine: number;
  sine: number;
}

/** Storms wait for Kp above this level. */
const STORM_LEVEL = 3.3;

/** The state of the irregular part; {@link stepField} moves it on. */
export interface Field {
  modes: Mode[];
  crest: { memory: number; value: number };
  /** Delayed answers to Kp: two stages each, for the positive and the negative effect. */
  positive: [number, number];
  negative: [number, number];
  random: Random;
  stepHours: number;
}

/** Starts the field with its stationary distribution. */
export function createField(seed: number, step: number): Field {
  const random = createRandom(seed, 'weather');
  const stepHours = step / HOUR;
  const modes: Mode[] = [];
  for (const followsSun of [true, false]) {
    for (let wave = 0; wave <= 3; wave++) {
      for (let order = 0; order <= 3; order++) {
        const hours = followsSun ? 36 / (1 + 0.3 * order) : 14 / (1 + 0.4 * wave);
        const sd = (followsSun ? 0.045 : 0.035) / Math.sqrt(1 + wave + order);
        modes.push({
          latitude: Float32Array.from(
            LATITUDES,
            (latitude) =>
              Math.cos(order * (latitude + 90) * RADIANS) * (wave === 0 ? 1 : Math.cos(latitude * RADIANS)),
          ),
          wave,
          followsSun,
          memory: Math.exp(-stepHours / hours),
          sd,
          cosine: sd * random.normal(),
          sine: sd * random.normal(),
        });
      }
    }
  }
  return {
    modes,
    crest: { memory: Math.exp(-stepHours / 40), value: random.normal() },
    positive: [0, 0],
    negative: [0, 0],
    random,
    stepHours,
  };
}

/** Moves the field on by one step, to `time` [ms]. */
export function stepField(field: Field, time: number, kp: SampleKp): void {
  const { random, stepHours } = field;
  for (const mode of field.modes) {
    const kick = mode.sd * Math.sqrt(1 - mode.memory ** 2);
    mode.cosine = mode.memory * mode.cosine + kick * random.normal();
    mode.sine = mode.memory * mode.sine + kick * random.normal();
  }
  const { crest } = field;
  crest.value = crest.memory * crest.value + Math.sqrt(1 - crest.memory ** 2) * random.normal();
  const drive = Math.max(0, kpAt(kp, time - 1) - STORM_LEVEL);
  relax(field.positive, drive, stepHours, [3, 6]);
  relax(field.negative, drive, stepHours, [9, 18]);
}

/** Two relaxations in a row, with time constants in hours: a smooth answer that comes late. */
function relax(stages: [number, number], drive: number, hours: number, constants: [number, number]): void {
  stages[0] += (drive - stages[0]) * (1 - Math.exp(-hours / constants[0]));
  stages[1] += (stages[0] - stages[1]) * (1 - Math.exp(-hours / constants[1]));
}

/** Adds the field at UT `hour`, with the sun at `declination` [radians], to `out [71, 73]`: a log factor. */
export function addField(field: Field, hour: number, declination: number, out: Float32Array): void {
  const columns = LONGITUDES.length;
  for (const mode of field.modes) {
    const around = LONGITUDES.map((longitude) => {
      const angle = mode.wave * (longitude + (mode.followsSun ? 15 * hour : 0)) * RADIANS;
      return mode.cosine * Math.cos(angle) + mode.sine * Math.sin(angle);
    });
    for (let row = 0; row < LATITUDES.length; row++) {
      const scale = mode.latitude[row]!;
      for (let column = 0; column < columns; column++)
        out[row * columns + column]! += scale * around[column]!;
    }
  }
  const day = LONGITUDES.map((longitude) => Math.cos((2 * Math.PI * (hour + longitude / 15 - 15)) / 24));
  const summer = Math.sin(declination) / Math.sin(23.44 * RADIANS);
  for (let point = 0; point < out.length; point++) {
    const magnetic = MAGNETIC_LATITUDES[point]!;
    const sun = day[point % columns]!;
    const low = Math.exp(-((Math.abs(magnetic) - 14) ** 2) / (2 * 10 ** 2));
    const middle = Math.exp(-((Math.abs(magnetic) - 30) ** 2) / (2 * 17 ** 2));
    const high = 1 / (1 + Math.exp(-(Math.abs(magnetic) - 38) / 6));
    const season = 1 + 0.5 * Math.sign(magnetic) * summer;
    out[point]! +=
      0.085 * field.crest.value * low * (0.6 + 0.4 * sun) +
      0.11 * field.positive[1] * middle * (0.65 + 0.35 * sun) -
      0.17 * field.negative[1] * high * season;
  }
}
