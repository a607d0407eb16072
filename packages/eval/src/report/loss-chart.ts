import type { ChartSpec } from './chart-svg.ts';
import { finiteOrNull, modelColors } from './charts.ts';

/** A run of training to draw. */
export interface LossRun {
  name: string;
  epochs: readonly { epoch: number; loss: number; validationLoss?: number }[];
}

/** Losses by epoch, a colour for each run: of training as a line, of validation dashed. */
export function lossChart(parts: {
  runs: readonly LossRun[];
  title?: string;
  description?: string;
  /** By name; default those of `modelColors`. */
  colors?: Readonly<Record<string, string>>;
  /** Size of the plot [px]. */
  width?: number;
  height?: number;
}): ChartSpec {
  const { runs, title, description, width = 380, height = 200 } = parts;
  const names = runs.map(({ name }) => name);
  const colors = parts.colors ?? modelColors(names);
  return {
    title,
    description: description ?? `Losses of ${names.join(', ')} by epoch`,
    width,
    height,
    data: {
      values: runs.flatMap(({ name, epochs }) =>
        epochs.flatMap(({ epoch, loss, validationLoss }) => [
          { epoch, loss: finiteOrNull(loss), name, part: 'training' },
          ...(validationLoss === undefined
            ? []
            : [{ epoch, loss: finiteOrNull(validationLoss), name, part: 'validation' }]),
        ]),
      ),
    },
    mark: { type: 'line', strokeWidth: 1.6, point: runs.every(({ epochs }) => epochs.length === 1) },
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        title: 'Epoch',
        axis: { grid: false, tickMinStep: 1, format: 'd' },
        scale: { zero: false, nice: false },
      },
      y: { field: 'loss', type: 'quantitative', title: 'Loss', scale: { zero: false } },
      color: {
        field: 'name',
        type: 'nominal',
        scale: { domain: names, range: names.map((name) => colors[name] ?? '#888') },
        legend: names.length > 1 ? { title: null } : null,
      },
      strokeDash: {
        field: 'part',
        type: 'nominal',
        scale: {
          domain: ['training', 'validation'],
          range: [
            [1, 0],
            [4, 3],
          ],
        },
        legend: { title: null },
      },
    },
  };
}
