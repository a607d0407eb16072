import type { ConfusionMatrix } from '../classification/confusion-matrix.ts';
import type { ChartSpec } from './chart-svg.ts';
import { heatMap } from './heat-map.ts';

/**
 * Counts of a confusion matrix as coloured cells, actual classes down and predicted ones across. The colour is the share of
 * the actual class, so that rare classes show as clearly as frequent ones. A class without examples has an empty row.
 * @throws if there is not a name for each class.
 */
export function confusionChart(parts: {
  matrix: ConfusionMatrix;
  /** Names of the classes; default their numbers. */
  names?: readonly string[];
  title?: string;
  description?: string;
}): ChartSpec {
  const { matrix, title, description } = parts;
  const { classes, counts } = matrix;
  const names = parts.names ?? Array.from({ length: classes }, (_, k) => String(k));
  if (names.length !== classes) {
    throw new Error(`confusionChart: expected a name for each of ${classes} classes, got ${names.length}.`);
  }
  const shares = new Float64Array(classes * classes);
  for (let actual = 0; actual < classes; actual++) {
    const row = counts.subarray(actual * classes, (actual + 1) * classes);
    const support = row.reduce((sum, count) => sum + count, 0);
    for (let k = 0; k < classes; k++) shares[actual * classes + k] = row[k]! / support;
  }
  const side = Math.min(760, Math.max(160, classes * 44));
  const { data, mark, encoding, ...rest } = heatMap({
    ...{ values: shares, rows: names, columns: names, value: 'Share of the class', title },
    ...{ x: 'Predicted', y: 'Actual', width: side, height: side },
    description: description ?? `Confusion matrix of ${classes} classes`,
  });
  const { x, y } = encoding as { x: object; y: object };
  const cells = Array.from(counts, (count, i) => {
    const [row, column] = [Math.floor(i / classes), i % classes];
    return { row, column, count: Math.round(100 * count) / 100, dark: shares[i]! > 0.6 };
  }).filter(({ count }) => count > 0);
  return {
    ...rest,
    layer: [
      { data, mark, encoding },
      {
        data: { values: cells },
        mark: { type: 'text', fontSize: 12 },
        encoding: {
          ...{ x, y },
          text: { field: 'count', type: 'quantitative', format: ',' },
          color: { condition: { test: 'datum.dark', value: '#fff' }, value: '#222' },
        },
      },
    ],
  };
}
