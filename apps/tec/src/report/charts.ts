// The charts of the report, as vega-lite specifications made from plain numbers.

import { HOUR } from '@tidecast/data';
import { lossChart } from '@tidecast/eval/report';
import type { ForecastRun, Method, Score } from '../forecast/result.ts';
import { landShapes } from './coastlines.ts';
import { CHART_CONFIG, methodScales, OBSERVED, type Spec } from './style.ts';

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';

function chart(parts: Spec): Spec {
  return { $schema: SCHEMA, config: CHART_CONFIG, ...parts };
}

/** Numbers with two decimals keep the page small. */
function short(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 100) / 100 : null;
}

/** Map of the stations on coastlines, coloured by the highest value of the forecast of `method` [TECU]. */
export function stationMap(run: ForecastRun, method: Method): Spec {
  const points = run.stations.map((station, index) => ({
    name: station.name,
    longitude: station.longitude,
    latitude: station.latitude,
    peak: short(
      run.forecast[method.name]![index]!.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    ),
  }));
  const place = {
    longitude: { field: 'longitude', type: 'quantitative' },
    latitude: { field: 'latitude', type: 'quantitative' },
  };
  const labels = run.stations.length <= 40;
  return chart({
    width: 820,
    height: 400,
    projection: { type: 'equalEarth' },
    layer: [
      { data: { sphere: true }, mark: { type: 'geoshape', fill: '#eef3f8' } },
      {
        data: { graticule: { step: [30, 30] } },
        mark: { type: 'geoshape', filled: false, stroke: '#d5dde5', strokeWidth: 0.6 },
      },
      {
        data: { values: landShapes(), format: { property: 'features' } },
        mark: { type: 'geoshape', fill: '#dcd8cf', stroke: '#b5afa3', strokeWidth: 0.5 },
      },
      {
        data: { values: points },
        mark: { type: 'circle', size: 190, opacity: 1, stroke: '#222', strokeWidth: 0.8 },
        encoding: {
          ...place,
          color: {
            field: 'peak',
            type: 'quantitative',
            scale: { scheme: 'plasma', zero: true },
            title: `highest forecast [TECU], ${method.label}`,
            legend: { orient: 'bottom', titleLimit: 400, gradientLength: 300, direction: 'horizontal' },
          },
        },
      },
      ...(labels
        ? [
            {
              data: { values: points },
              mark: { type: 'text', dy: -15, fontSize: 11, fill: '#222', stroke: '#fff', strokeWidth: 2.5 },
              encoding: { ...place, text: { field: 'name' } },
            },
            {
              data: { values: points },
              mark: { type: 'text', dy: -15, fontSize: 11, fill: '#222' },
              encoding: { ...place, text: { field: 'name' } },
            },
          ]
        : []),
    ],
  });
}

/** Observed last days and the forecast of every method at one station. */
export function stationCurves(run: ForecastRun, index: number): Spec {
  const scales = methodScales(run.methods, { label: 'observed', color: OBSERVED });
  const observed = run.recent.values[index]!;
  const rows: { time: number; tec: number | null; what: string }[] = Array.from(observed, (value, i) => ({
    time: run.recent.start + i * run.step,
    tec: short(value),
    what: 'observed',
  }));
  const last = observed.at(-1)!;
  for (const { name, label } of run.methods) {
    const values = run.forecast[name]![index]!;
    rows.push({ time: run.origin, tec: short(last), what: label });
    values.forEach((value, h) => {
      rows.push({ time: run.firstTime + h * run.step, tec: short(value), what: label });
    });
  }
  const { name } = run.stations[index]!;
  return chart({
    width: 330,
    height: 150,
    title: name,
    layer: [
      {
        data: { values: [{ time: run.origin }] },
        mark: { type: 'rule', color: '#bbb', strokeDash: [2, 2] },
        encoding: { x: { field: 'time', type: 'temporal', scale: { type: 'utc' } } },
      },
      {
        data: { values: rows },
        mark: { type: 'line', strokeWidth: 1.6, interpolate: 'monotone', clip: true },
        encoding: {
          x: {
            field: 'time',
            type: 'temporal',
            scale: { type: 'utc' },
            title: null,
            axis: { format: '%-d %b', tickCount: 'day', labelFlush: false },
          },
          y: { field: 'tec', type: 'quantitative', title: 'TECU', axis: { tickCount: 5 } },
          color: { field: 'what', type: 'nominal', scale: scales.color, legend: null },
          strokeDash: { field: 'what', type: 'nominal', scale: scales.dash, legend: null },
          opacity: {
            condition: { test: "datum.what === 'observed'", value: 1 },
            value: 0.9,
          },
        },
      },
    ],
  });
}

/** RMSE by hour ahead, a line for each method. */
export function horizonChart(run: ForecastRun): Spec {
  const scales = methodScales(run.methods);
  const rows = run.scores.horizon.flatMap(({ step, scores }) =>
    scores.map((score) => ({
      hours: (step * run.step) / HOUR,
      rmse: short(score.rmse),
      what: labelOf(run.methods, score),
    })),
  );
  return chart({
    width: 380,
    height: 230,
    title: 'RMSE by hours ahead',
    data: { values: rows },
    mark: { type: 'line', point: { size: 22 }, strokeWidth: 1.8 },
    encoding: {
      x: { field: 'hours', type: 'quantitative', title: 'hours after the last map', axis: { grid: false } },
      y: { field: 'rmse', type: 'quantitative', title: 'RMSE [TECU]' },
      color: { field: 'what', type: 'nominal', scale: scales.color, title: null },
      strokeDash: { field: 'what', type: 'nominal', scale: scales.dash, title: null },
    },
  });
}

/** RMSE of each method on all, quiet and disturbed days, as bars. */
export function dayKindChart(run: ForecastRun): Spec {
  const scales = methodScales(run.methods);
  const kinds = (['all', 'quiet', 'disturbed'] as const).filter((kind) => run.scores[kind].length > 0);
  const rows = kinds.flatMap((kind) =>
    run.scores[kind].map((score) => ({
      kind: `${kind} days`,
      rmse: short(score.rmse),
      what: labelOf(run.methods, score),
    })),
  );
  return chart({
    width: 380,
    height: 230,
    title: 'RMSE on all, quiet and disturbed days',
    data: { values: rows },
    mark: { type: 'bar' },
    encoding: {
      x: { field: 'kind', type: 'nominal', title: null, sort: null, axis: { labelAngle: 0 } },
      xOffset: { field: 'what', type: 'nominal', sort: run.methods.map(({ label }) => label) },
      y: { field: 'rmse', type: 'quantitative', title: 'RMSE [TECU]' },
      color: { field: 'what', type: 'nominal', scale: scales.color, title: null },
    },
  });
}

/** Histogram of all observed TEC. */
export function histogramChart(run: ForecastRun): Spec {
  const { width, counts } = run.histogram;
  const rows = counts.map((count, i) => ({ from: i * width, to: (i + 1) * width, count }));
  return chart({
    width: 380,
    height: 200,
    title: 'How often which TEC was observed (all stations)',
    data: { values: rows },
    mark: { type: 'bar', color: '#5b7c99', binSpacing: 1 },
    encoding: {
      x: { field: 'from', bin: { binned: true, step: width }, type: 'quantitative', title: 'TEC [TECU]' },
      x2: { field: 'to' },
      y: { field: 'count', type: 'quantitative', title: 'values' },
    },
  });
}

/** Loss of each network by epoch, training and validation. */
export function trainingChart(run: ForecastRun): Spec {
  const networks = run.methods.filter(({ kind }) => kind === 'network');
  const { domain, range } = methodScales(networks).color;
  return chart(
    lossChart({
      title: 'Loss while training (standardised values)',
      colors: Object.fromEntries(domain.map((name, i) => [name, range[i]!])),
      runs: run.training.map(({ model, epochs }) => ({
        name: labelByName(networks, model),
        epochs: epochs.map(({ validation, ...rest }) => ({ ...rest, validationLoss: validation })),
      })),
    }),
  );
}

function labelByName(methods: readonly Method[], name: string): string {
  return methods.find((method) => method.name === name)?.label ?? name;
}

function labelOf(methods: readonly Method[], score: Score): string {
  return labelByName(methods, score.method);
}
