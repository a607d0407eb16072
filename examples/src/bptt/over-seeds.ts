// Numbers of seeds 1, 2, … as one.

import { seedSpread } from '@tidecast/eval';

/** Mean, standard deviation and median over seeds. */
export function overSeeds(values: readonly number[]): { mean: number; sd: number; median: number } {
  return seedSpread(values.map((value, i) => ({ seed: i + 1, value })));
}

/** `mean ± sd`. */
export function plusMinus(values: readonly number[], decimals: number): string {
  const { mean, sd } = overSeeds(values);
  return `${mean.toFixed(decimals)} ± ${sd.toFixed(decimals)}`;
}
