// The few numbers that a benchmark is made of.

/** Middle of the sorted values, or the mean of the two middle ones. @throws if there are none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('median: expected at least one value, got none.');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** exp(mean(ln v)). @throws if there are none, or one is not positive. */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0 || !values.every((value) => value > 0 && Number.isFinite(value))) {
    throw new Error(`geometricMean: expected positive values, got [${values}].`);
  }
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** The smallest value that is not below the share `p` (0 to 1) of all of them. */
export function percentile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error('percentile: expected at least one value, got none.');
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]!;
}

/** Three significant digits, without an exponent. */
export function digits(value: number): string {
  if (value === 0) return '0';
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(decimals);
}
