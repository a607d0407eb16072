// Frozen against updated, over time, as a Vega-Lite specification for `chartSvg` of @tidecast/eval/report.

import { DAY } from '@tidecast/data';
import type { BacktestResult } from '@tidecast/eval';
import { type ChartSpec, lineChart } from '@tidecast/eval/report';
import { checkNumber } from '../check.ts';
import type { PrequentialUpdate } from './prequential.ts';

/** What to draw. */
export interface PrequentialChartOptions {
  /** Backtests by name, for example `{ frozen, updated }`. */
  results: Readonly<Record<string, BacktestResult>>;
  /** Updates; those that were rolled back are marked. */
  updates?: readonly PrequentialUpdate[];
  /** Which target; default the first. */
  target?: string;
  /** Time that each RMSE is pooled over [ms]; default 27 days. */
  over?: number;
  title?: string;
  width?: number;
  height?: number;
}

/** The RMSE of each backtest over a sliding time, pooled over origins and steps; a rule where an update was rolled back. */
export function prequentialChart(options: PrequentialChartOptions): ChartSpec {
  const { results, updates = [], title, width, height } = options;
  const over = checkNumber('prequentialChart: over', options.over ?? 27 * DAY, { above: 0 });
  const first = Object.values(results)[0];
  if (!first) throw new Error('prequentialChart: results must hold at least one backtest, got none.');
  const target = options.target ?? first.targets[0]!.name;
  const { unit } = columnOf(first, target).channel;
  const lines = Object.entries(results).map(([name, result]) => ({
    name,
    times: result.origins,
    values: slidingRmse(result, columnOf(result, target).k, over),
  }));
  const { data, mark, encoding, ...frame } = lineChart({
    lines,
    y: `RMSE of ${Number((over / DAY).toFixed(1))} days [${unit}]`,
    ...(title !== undefined && { title }),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
  });
  const rolledBack = updates.filter((update) => !update.accepted).map(({ origin }) => ({ time: origin }));
  return {
    ...frame,
    layer: [
      { data, mark, encoding },
      {
        data: { values: rolledBack },
        mark: { type: 'rule', color: '#d64541', strokeDash: [2, 2] },
        encoding: { x: { field: 'time', type: 'temporal', scale: { type: 'utc' } } },
      },
    ],
  };
}

function columnOf({ targets }: BacktestResult, name: string) {
  const k = targets.findIndex((channel) => channel.name === name);
  if (k < 0) {
    const names = targets.map((channel) => channel.name).join(', ');
    throw new Error(`prequentialChart: target must be one of ${names}, got '${name}'.`);
  }
  return { k, channel: targets[k]! };
}

/** At each origin the root mean square error of the forecasts issued in the time `over` up to it. */
function slidingRmse(
  { origins, horizon, targets, forecast, observed }: BacktestResult,
  k: number,
  over: number,
) {
  const squares = origins.map((_, row) => {
    let sum = 0;
    let count = 0;
    for (let h = 0; h < horizon; h++) {
      const at = (row * horizon + h) * targets.length + k;
      const error = forecast[at]! - observed[at]!;
      if (Number.isNaN(error)) continue;
      sum += error * error;
      count++;
    }
    return { sum, count };
  });
  let begin = 0;
  let sum = 0;
  let count = 0;
  return origins.map((origin, row) => {
    sum += squares[row]!.sum;
    count += squares[row]!.count;
    for (; origins[begin]! <= origin - over; begin++) {
      sum -= squares[begin]!.sum;
      count -= squares[begin]!.count;
    }
    return Math.sqrt(Math.max(0, sum) / count);
  });
}
