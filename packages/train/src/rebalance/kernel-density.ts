// How common each of many values is: a kernel density on a grid, so that a hundred thousand windows take no longer than
// a moment.

import { checkNumber } from '../check.ts';

/** Grid points in one bandwidth: the density is within 1e-3 of its largest value. */
const PER_BANDWIDTH = 32;
/** Bandwidths after which a kernel is 0: exp(−8²/2) ≈ 1e-14. */
const REACH = 8;

/**
 * The density at each of `values`, (1 / (n·h·√2π)) Σ exp(−(v − vᵢ)² / 2h²), itself included; NaN at missing ones (NaN).
 * Values are shared out between the two grid points beside them, and the density is read back in the same way.
 * Without `bandwidth` h follows Silverman's rule, 0.9·min(sd, IQR/1.34)·n^(−1/5) (Silverman 1986).
 * @throws if there is no value, one is infinite, or they span more than a million bandwidths.
 */
export function kernelDensity(who: string, values: ArrayLike<number>, bandwidth?: number): Float64Array {
  if (bandwidth !== undefined) checkNumber(`${who}: bandwidth`, bandwidth, { above: 0 });
  const sorted = Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const n = sorted.length;
  const [low, high] = [sorted[0], sorted[n - 1]];
  if (low === undefined || high === undefined)
    throw new Error(`${who}: expected at least one value, got none.`);
  if (!Number.isFinite(low) || !Number.isFinite(high)) {
    throw new Error(
      `${who}: values must be finite or missing (NaN), got ${Number.isFinite(low) ? high : low}.`,
    );
  }
  const width = bandwidth ?? silverman(sorted);
  // Without any spread there is nothing to tell values apart by.
  if (low === high || width === 0)
    return Float64Array.from(values, (value) => (Number.isNaN(value) ? value : 1));
  if ((high - low) / width > 1e6) {
    throw new Error(
      `${who}: values must span at most a million bandwidths, got ${low} to ${high} with ${width}. Give a larger one.`,
    );
  }
  const step = width / PER_BANDWIDTH;
  const mass = new Float64Array(Math.floor((high - low) / step) + 2);
  for (const value of sorted) {
    const { index, part } = placeOf((value - low) / step);
    mass[index]! += 1 - part;
    mass[index + 1]! += part;
  }
  const kernel = Float64Array.from(
    { length: REACH * PER_BANDWIDTH + 1 },
    (_, k) => Math.exp(-0.5 * (k / PER_BANDWIDTH) ** 2) / (n * width * Math.sqrt(2 * Math.PI)),
  );
  const density = new Float64Array(mass.length);
  for (let i = 0; i < mass.length; i++) {
    const weight = mass[i]!;
    if (weight === 0) continue;
    const from = Math.max(0, i - kernel.length + 1);
    const to = Math.min(mass.length, i + kernel.length);
    for (let j = from; j < to; j++) density[j]! += weight * kernel[Math.abs(i - j)]!;
  }
  return Float64Array.from(values, (value) => {
    if (Number.isNaN(value)) return value;
    const { index, part } = placeOf((value - low) / step);
    return density[index]! * (1 - part) + density[index + 1]! * part;
  });
}

function placeOf(position: number): { index: number; part: number } {
  const index = Math.floor(position);
  return { index, part: position - index };
}

function silverman(sorted: Float64Array): number {
  const n = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  const deviation = Math.sqrt(
    sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1),
  );
  const quartile = (share: number) => {
    const { index, part } = placeOf(share * (n - 1));
    return sorted[index]! * (1 - part) + (sorted[index + 1] ?? sorted[index]!) * part;
  };
  const spread = (quartile(0.75) - quartile(0.25)) / 1.34;
  return 0.9 * (spread > 0 ? Math.min(deviation, spread) : deviation) * n ** -0.2;
}
