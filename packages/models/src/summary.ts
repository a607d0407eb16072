// What a network is made of, as rows and as text.

import type { ModelConfig } from './config.ts';
import type { Model } from './model.ts';
import { resolveModel } from './resolve.ts';
import { formatShape, type Shape } from './shape.ts';

/** One layer of a summary. */
export interface SummaryRow {
  /** `0.lstm`. */
  name: string;
  type: string;
  /** Shape of one output, without the batch axis. */
  outputShape: Shape;
  /** Number of trainable values. */
  parameters: number;
  /** Shape of each weight, by its full name. */
  weights: Readonly<Record<string, readonly number[]>>;
}

/** A network at a glance. */
export interface Summary {
  inputShape: Shape;
  rows: readonly SummaryRow[];
  /** Number of trainable values in all. */
  parameters: number;
}

/** Layers with output shapes and parameter counts, of a model or of a config (no backend needed). */
export function summarize(source: ModelConfig | Model): Summary {
  const { config, layers } = resolveModel('config' in source ? source.config : source);
  const rows = layers.map(({ name, type, outputShape, weights }): SummaryRow => {
    const sizes = weights.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
    return {
      name,
      type,
      outputShape,
      parameters: sizes.reduce((sum, size) => sum + size, 0),
      weights: Object.fromEntries(weights.map((spec) => [`${name}.${spec.name}`, spec.shape])),
    };
  });
  return { inputShape: config.input, rows, parameters: rows.reduce((sum, row) => sum + row.parameters, 0) };
}

/** The summary as a text table, one line a layer. */
export function formatSummary(summary: Summary): string {
  const cells = [
    ['layer', 'output', 'parameters'],
    ['input', formatShape(summary.inputShape), ''],
    ...summary.rows.map((row) => [row.name, formatShape(row.outputShape), String(row.parameters)]),
    ['total', '', String(summary.parameters)],
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map(([layer, output, parameters]) =>
      [layer!.padEnd(widths[0]!), output!.padEnd(widths[1]!), parameters!.padStart(widths[2]!)]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
