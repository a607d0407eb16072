// Pictures and waves of which everything is known: how many numbers make one, and how those are distributed.

import { createRandom, type NdArray } from '@tidecast/data';

/** Height and width of the pictures. */
export const SIZE = 16;
/** Steps of the waves. */
export const STEPS = 32;

/**
 * `count` pictures `[count, 16, 16, 1]` of a soft disc, made of four numbers: where it stands, how large and how bright it
 * is; with normal noise of deviation `noise`.
 */
export function discs(count: number, { seed, noise }: { seed: number; noise: number }): NdArray {
  const random = createRandom(seed, 'discs');
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const data = new Float32Array(count * SIZE * SIZE);
  for (let n = 0; n < count; n++) {
    const [x, y, radius, height] = [between(5, 10), between(5, 10), between(2, 4.5), between(0.5, 1)];
    for (let i = 0; i < SIZE * SIZE; i++) {
      const distance = Math.hypot((i % SIZE) - x, Math.floor(i / SIZE) - y);
      data[n * SIZE * SIZE + i] = height / (1 + Math.exp(2 * (distance - radius))) + noise * random.normal();
    }
  }
  return { data, shape: [count, SIZE, SIZE, 1] };
}

/**
 * `count` waves `[count, 32, 1]` made of three numbers: amplitude, phase up to half a turn, and one to two and a half periods; with normal
 * noise of deviation `noise`.
 */
export function waves(count: number, { seed, noise }: { seed: number; noise: number }): NdArray {
  const random = createRandom(seed, 'waves');
  const data = new Float32Array(count * STEPS);
  for (let n = 0; n < count; n++) {
    const amplitude = 0.5 + random.uniform();
    const phase = Math.PI * random.uniform();
    const periods = 1 + 1.5 * random.uniform();
    for (let t = 0; t < STEPS; t++) {
      const clean = amplitude * Math.sin((2 * Math.PI * periods * t) / STEPS + phase);
      data[n * STEPS + t] = clean + noise * random.normal();
    }
  }
  return { data, shape: [count, STEPS, 1] };
}

/** Brightness, and where its centre lies across and down, of each picture `[N, 16, 16, 1]`: `[3][N]`. */
export function discFeatures({ data, shape }: NdArray): number[][] {
  const features: number[][] = [[], [], []];
  for (let n = 0; n < shape[0]!; n++) {
    let [sum, across, down] = [0, 0, 0];
    for (let i = 0; i < SIZE * SIZE; i++) {
      const value = data[n * SIZE * SIZE + i]!;
      sum += value;
      across += value * (i % SIZE);
      down += value * Math.floor(i / SIZE);
    }
    features[0]!.push(sum);
    features[1]!.push(across / sum);
    features[2]!.push(down / sum);
  }
  return features;
}

/** Amplitude of each wave `[N, 32, 1]` as √2 times its root mean square: `[1][N]`. */
export function waveFeatures({ data, shape }: NdArray): number[][] {
  const amplitudes = Array.from({ length: shape[0]! }, (_, n) => {
    const squares = data.subarray(n * STEPS, (n + 1) * STEPS).reduce((sum, value) => sum + value * value, 0);
    return Math.sqrt((2 * squares) / STEPS);
  });
  return [amplitudes];
}
