// A made-up water level whose answer to the wind turns round, so that what was learnt at first becomes wrong.

import { createRandom, createSeries, HOUR, type Series } from '@tidecast/data';

export const STEP = 2 * HOUR;
/** Samples of a day. */
export const DAY_STEPS = 12;
/** Standard deviation of what nobody can forecast [m]. */
export const NOISE = 0.3;

/** Days on which the turn begins and ends. */
export interface Turn {
  begins: number;
  ends: number;
}

/**
 * `level(t) = b(t)·wind(t − 24 h) + 0.3·noise` [m], with b = 1 before the turn, −1 after it, and a
 * straight line between. The wind has unit variance and a memory of about 6 hours. Forecasts for a day ahead that know b
 * are wrong by the noise alone.
 */
export function driftingLevel(days: number, turn: Turn, seed: number): Series {
  const random = createRandom(seed, 'drifting-level');
  const samples = days * DAY_STEPS;
  const values = new Float32Array(samples * 2);
  const memory = 0.7;
  let wind = random.normal();
  for (let i = 0; i < samples; i++) {
    const share = (i / DAY_STEPS - turn.begins) / (turn.ends - turn.begins);
    const answer = 1 - 2 * Math.min(1, Math.max(0, share));
    const yesterday = i < DAY_STEPS ? 0 : values[2 * (i - DAY_STEPS) + 1]!;
    values[2 * i] = answer * yesterday + NOISE * random.normal();
    values[2 * i + 1] = wind;
    wind = memory * wind + Math.sqrt(1 - memory ** 2) * random.normal();
  }
  return createSeries({
    start: 0,
    step: STEP,
    shape: [2],
    channels: [
      { name: 'level', unit: 'm' },
      { name: 'wind', unit: '1' },
    ],
    values,
  });
}
