// What a training gives depends on its seed. One number without its spread says little, so results are reported over
// several seeds, with the best and the worst of them.

/** One result of one seed; NaN or infinite where the run failed. */
export interface SeedResult {
  seed: number;
  value: number;
}

/** Results over seeds. All but `n` and `failed` are NaN where no run has a finite value. */
export interface SeedSpread {
  /** Runs with a finite value. */
  n: number;
  /** Runs without one; they are in no other number. */
  failed: number;
  mean: number;
  /** Standard deviation between seeds, √(Σ(x − x̄)² / (n − 1)); 0 for a single run. */
  sd: number;
  median: number;
  best: SeedResult;
  worst: SeedResult;
}

/**
 * The spread of results over seeds. `better` says whether the best is the lowest (a loss, the default) or the highest (an
 * accuracy).
 * @throws if there are no results, or a seed comes twice: that would count one run as two.
 */
export function seedSpread(
  results: readonly SeedResult[],
  { better = 'lower' }: { better?: 'lower' | 'higher' } = {},
): SeedSpread {
  if (results.length === 0) throw new Error('seedSpread: expected at least one result, got none.');
  const seen = new Set<number>();
  for (const { seed } of results) {
    if (seen.has(seed)) {
      throw new Error(`seedSpread: every seed must come once, got ${seed} twice. Give each run its own.`);
    }
    seen.add(seed);
  }
  const sorted = results.filter(({ value }) => Number.isFinite(value)).sort((a, b) => a.value - b.value);
  const n = sorted.length;
  const failed = results.length - n;
  const none = { seed: Number.NaN, value: Number.NaN };
  const lowest = sorted[0] ?? none;
  const highest = sorted[n - 1] ?? none;
  const mean = sorted.reduce((sum, { value }) => sum + value, 0) / n;
  const squares = sorted.reduce((sum, { value }) => sum + (value - mean) ** 2, 0);
  const middle =
    ((sorted[Math.floor((n - 1) / 2)] ?? none).value + (sorted[Math.floor(n / 2)] ?? none).value) / 2;
  return {
    n,
    failed,
    mean,
    sd: n === 0 ? Number.NaN : Math.sqrt(squares / Math.max(1, n - 1)),
    median: middle,
    best: better === 'lower' ? lowest : highest,
    worst: better === 'lower' ? highest : lowest,
  };
}

/** A spread as text, `0.0123 ± 0.0004 (n 10, best 0.0119, worst 0.0131)`, and how many runs failed where some did. */
export function formatSeedSpread(
  { n, failed, mean, sd, best, worst }: SeedSpread,
  { decimals = 3 }: { decimals?: number } = {},
): string {
  const lost = failed > 0 ? `${failed} failed` : '';
  if (n === 0) return `no result (${lost})`;
  const show = (value: number) => value.toFixed(decimals);
  const parts = [`n ${n}`, `best ${show(best.value)}`, `worst ${show(worst.value)}`, lost].filter(Boolean);
  return `${show(mean)} ± ${show(sd)} (${parts.join(', ')})`;
}
