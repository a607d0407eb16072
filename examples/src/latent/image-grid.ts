// Pictures in rows and columns, as a Vega-Lite chart: small ones, pixel by pixel.

import type { NdArray } from '@tidecast/data';
import type { ChartSpec } from '@tidecast/eval/report';

/** Rows of pictures `[N, H, W, 1]`, as many in each; grey from 0 (black) to 1 (white). */
export function imageGrid(parts: {
  rows: readonly { name: string; images: NdArray }[];
  title: string;
  description: string;
  /** Pictures shown of each row. */
  count: number;
  /** Size of a pixel [px]; default 3. */
  pixel?: number;
}): ChartSpec {
  const { rows, title, description, count, pixel = 3 } = parts;
  const [, height = 1, width = 1] = rows[0]!.images.shape;
  const values = rows.flatMap(({ images }, row) =>
    Array.from({ length: count * height }, (_, line) => {
      const pixels = images.data.subarray(line * width, (line + 1) * width);
      const x = Math.floor(line / height) * (width + 2);
      const y = row * (height + 2) + (line % height);
      return runsOf(pixels).map(({ from, to, grey }) => ({ x: x + from, x2: x + to, y, y2: y + 1, grey }));
    }).flat(),
  );
  const [columns, lines] = [count * (width + 2) - 2, rows.length * (height + 2) - 2];
  const middles = rows.map((_, row) => row * (height + 2) + height / 2);
  return {
    title,
    description,
    width: columns * pixel,
    height: lines * pixel,
    data: { values },
    mark: { type: 'rect', strokeWidth: 0 },
    encoding: {
      x: { field: 'x', type: 'quantitative', scale: { domain: [0, columns], nice: false }, axis: null },
      x2: { field: 'x2' },
      y: {
        field: 'y',
        type: 'quantitative',
        scale: { domain: [lines, 0], nice: false },
        axis: {
          title: null,
          grid: false,
          domain: false,
          ticks: false,
          values: middles,
          labelExpr: `${JSON.stringify(rows.map(({ name }) => name))}[indexof(${JSON.stringify(middles)}, datum.value)]`,
        },
      },
      y2: { field: 'y2' },
      fill: {
        field: 'grey',
        type: 'quantitative',
        scale: { domain: [0, GREYS], range: ['#000000', '#ffffff'] },
        legend: null,
      },
    },
  };
}

/** Steps of grey: as many as are told apart, so that neighbours often share one and are drawn as one. */
const GREYS = 16;

/** Neighbouring pixels of one grey, from left to right. */
function runsOf(pixels: Float32Array): { from: number; to: number; grey: number }[] {
  const runs: { from: number; to: number; grey: number }[] = [];
  for (const [i, value] of pixels.entries()) {
    const grey = Math.round(GREYS * Math.min(1, Math.max(0, value)));
    const last = runs.at(-1);
    if (last?.grey === grey) last.to = i + 1;
    else runs.push({ from: i, to: i + 1, grey });
  }
  return runs;
}
