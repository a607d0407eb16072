// A training as files: the classifier, the report, the scores, and what it said of every test picture.

import { saveImageClassifier } from '@tidecast/vision';
import { type ReportFacts, reportPage } from './report/report-page.ts';
import type { TrainingRun } from './training/training-run.ts';

/** Contents by file name. */
export async function outputFiles(
  run: TrainingRun,
  facts: ReportFacts,
): Promise<Readonly<Record<string, string | Uint8Array>>> {
  return {
    'classifier.safetensors': saveImageClassifier(run.classifier),
    'scores.json': `${JSON.stringify(scoresOf(run, facts), null, 1)}\n`,
    'predictions.csv': predictionsCsv(run),
    'report.html': await reportPage(run, facts),
  };
}

function scoresOf(run: TrainingRun, { synthetic }: ReportFacts) {
  const { test, classifier, history, options, counts, seconds, backend } = run;
  return {
    ...{ synthetic, classes: classifier.classes, counts, options, backend, seconds },
    accuracy: test.accuracy,
    balancedAccuracy: test.balancedAccuracy,
    calibrationError: test.calibrationError,
    calibrationErrorBeforeTemperature: test.rawCalibrationError,
    temperature: classifier.temperature,
    keptEpoch: history.bestEpoch,
    epochs: history.epochs.map(({ epoch, loss, validationLoss }) => ({ epoch, loss, validationLoss })),
  };
}

function predictionsCsv({ test, classifier: { classes } }: TrainingRun): string {
  const rows = test.items.map(({ path }, i) => {
    const row = test.probabilities.subarray(i * classes.length, (i + 1) * classes.length);
    const said = row.indexOf(Math.max(...row));
    return [path, classes[test.labels[i]!]!, classes[said]!, ...Array.from(row, (p) => p.toFixed(5))];
  });
  const header = ['path', 'label', 'predicted', ...classes.map((name) => `p(${name})`)];
  return [header, ...rows].map((cells) => `${cells.map(quoted).join(',')}\n`).join('');
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
