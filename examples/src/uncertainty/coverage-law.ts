// How the coverage of a split conformal band is spread over calibrations: the law that theory gives, and how far off one is.

import type { ChartSpec } from '@tidecast/eval/report';

/** Shape of the law: `count` of `trials` test examples are covered with a chance drawn from Beta(a, b). */
export interface CoverageLaw {
  /** k, the rank of the threshold among the calibration scores, and n + 1 − k. */
  a: number;
  b: number;
  trials: number;
}

/** P(count ≤ m) for m = 0 … trials of the beta-binomial law. */
function betaBinomialCdf({ a, b, trials }: CoverageLaw): Float64Array {
  // p(m + 1)/p(m) = (trials − m)(a + m) / ((m + 1)(trials − m − 1 + b)), from the mode outwards to stay in range.
  const weights = new Float64Array(trials + 1);
  const mode = Math.round((trials * a) / (a + b));
  weights[mode] = 1;
  const ratio = (m: number) => ((trials - m) * (a + m)) / ((m + 1) * (trials - m - 1 + b));
  for (let m = mode; m < trials; m++) weights[m + 1] = weights[m]! * ratio(m);
  for (let m = mode; m > 0; m--) weights[m - 1] = weights[m]! / ratio(m - 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let below = 0;
  return weights.map((weight) => {
    below += weight / total;
    return below;
  });
}

/** Mean and standard deviation of the share covered. */
export function lawMoments({ a, b, trials }: CoverageLaw): { mean: number; sd: number } {
  const variance = (a * b * (a + b + trials)) / (trials * (a + b) ** 2 * (a + b + 1));
  return { mean: a / (a + b), sd: Math.sqrt(variance) };
}

/** The largest distance between the law and the shares that were seen (Kolmogorov). */
export function distanceFromLaw(shares: readonly number[], law: CoverageLaw): number {
  const cdf = betaBinomialCdf(law);
  const counts = new Float64Array(law.trials + 1);
  for (const share of shares) counts[Math.round(share * law.trials)]!++;
  let seen = 0;
  let distance = 0;
  for (let m = 0; m <= law.trials; m++) {
    seen += counts[m]! / shares.length;
    distance = Math.max(distance, Math.abs(seen - cdf[m]!));
  }
  return distance;
}

/** Histograms of the shares of each method, with the law as a line. */
export function coverageHistogram(
  shares: readonly { method: string; coverage: number }[],
  law: CoverageLaw,
  bins: { from: number; to: number; width: number },
): ChartSpec {
  const cdf = betaBinomialCdf(law);
  const methods = [...new Set(shares.map(({ method }) => method))];
  const edges = Array.from(
    { length: Math.round((bins.to - bins.from) / bins.width) },
    (_, i) => bins.from + i * bins.width,
  );
  const below = (share: number) => cdf[Math.min(law.trials, Math.ceil(share * law.trials - 1e-9) - 1)] ?? 0;
  const rows = methods.flatMap((method) => {
    const own = shares.filter((each) => each.method === method);
    return edges.map((from) => {
      const to = from + bins.width;
      const inside = own.filter(({ coverage }) => coverage >= from - 1e-9 && coverage < to - 1e-9);
      return {
        method,
        from,
        to,
        middle: from + bins.width / 2,
        seen: inside.length / own.length,
        expected: below(to) - below(from),
        zero: 0,
      };
    });
  });
  const x = {
    type: 'quantitative',
    title: 'Coverage',
    axis: { format: '%', grid: false },
    scale: { zero: false },
  };
  return {
    title: 'Coverage of 90 % bands over calibrations; the line is the beta-binomial law',
    data: { values: rows },
    facet: { field: 'method', type: 'nominal', title: null, sort: methods },
    columns: 3,
    spec: {
      width: 230,
      height: 170,
      layer: [
        {
          mark: { type: 'rect', color: '#2f7ed8', opacity: 0.6 },
          encoding: {
            x: { field: 'from', ...x },
            x2: { field: 'to' },
            y: { field: 'seen', type: 'quantitative', title: 'Share of calibrations' },
            y2: { field: 'zero' },
          },
        },
        {
          mark: { type: 'line', color: 'currentColor', strokeWidth: 2 },
          encoding: { x: { field: 'middle', ...x }, y: { field: 'expected', type: 'quantitative' } },
        },
      ],
    },
  };
}
