// Gradients over time as a chart.

import { type ChartSpec, modelColors } from '@tidecast/eval/report';

/** A line of {@link gradientFlowChart}. */
export interface GradientFlowLine {
  name: string;
  /** ‖∂L/∂h_t‖ for t = 0, 1, …, as `gradientFlow` gives them. */
  norms: readonly number[];
}

/**
 * ‖∂L/∂h_t‖ against t on a logarithmic axis: a straight line that falls to the left is a gradient that vanishes exponentially, one
 * that rises explodes. Norms of 0, and those below `floor`, leave a gap.
 */
export function gradientFlowChart(parts: {
  lines: readonly GradientFlowLine[];
  title?: string;
  description?: string;
  /** Smallest norm that is drawn; default 1e-45, below which float32 is 0. */
  floor?: number;
  /** Size of the plot [px]. */
  width?: number;
  height?: number;
}): ChartSpec {
  const { lines, title, description, floor = 1e-45, width = 760, height = 280 } = parts;
  const names = lines.map(({ name }) => name);
  const colors = modelColors(names);
  const values = lines.flatMap(({ name, norms }) =>
    norms.map((norm, step) => ({ name, step, norm: norm >= floor && Number.isFinite(norm) ? norm : null })),
  );
  return {
    title,
    description: description ?? `Norm of the gradient by the state at each step: ${names.join(', ')}`,
    width,
    height,
    data: { values },
    mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round', invalid: 'break-paths-filter-domains' },
    encoding: {
      x: {
        field: 'step',
        type: 'quantitative',
        title: 'step t',
        scale: { nice: false },
        axis: { grid: false },
      },
      y: {
        ...{ field: 'norm', type: 'quantitative', title: '‖∂L/∂h_t‖', scale: { type: 'log' } },
        axis: { format: '.0e', tickCount: 6 },
      },
      color: {
        field: 'name',
        type: 'nominal',
        sort: names,
        scale: { domain: names, range: names.map((name) => colors[name]!) },
        legend: {
          title: null,
          orient: 'top',
          labelLimit: 300,
          symbolSize: 180,
          symbolStrokeWidth: 2.5,
          columnPadding: 18,
        },
      },
    },
  };
}
