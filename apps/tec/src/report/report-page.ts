// The report of a run as one HTML file that needs neither network nor scripts.

import {
  type Content,
  chartSvg,
  columns,
  details,
  figure,
  formatNumber,
  formatTime,
  keyFigures,
  notice,
  page,
  paragraph,
  section,
  table,
} from '@tidecast/eval/report';
import type { ForecastRun, Method, Score } from '../forecast/result.ts';
import {
  dayKindChart,
  histogramChart,
  horizonChart,
  stationCurves,
  stationMap,
  trainingChart,
} from './charts.ts';
import { methodStyle, OBSERVED, type Spec } from './style.ts';

/** The whole report. */
export async function reportPage(run: ForecastRun): Promise<string> {
  const best = [...run.scores.all].sort((a, b) => a.rmse - b.rmse)[0]!;
  const shown = run.methods.find(({ kind }) => kind === 'network') ?? run.methods[0]!;
  const chart = async (spec: Spec, caption?: Content) => figure(await chartSvg(spec as never), caption);
  const stations = await Promise.all(run.stations.map((_, i) => chart(stationCurves(run, i))));
  return page({
    title: 'Forecast of total electron content',
    subtitle: `${formatTime(run.firstTime)} to ${formatTime(run.firstTime + (run.horizon - 1) * run.step)}, issued at ${formatTime(run.origin)}`,
    sections: [
      run.facts.synthetic
        ? notice(
            'SYNTHETIC: these maps and this Kp were made up by a seeded generator. Nothing here was observed.',
          )
        : [],
      keyFigures([
        {
          label: 'best on the test days',
          value: labelOf(run.methods, best),
          note: `of ${run.methods.length} methods`,
        },
        { label: 'its RMSE', value: `${formatNumber(best.rmse)} TECU`, note: `over ${best.count} values` },
        {
          label: 'its skill over persistence',
          value: formatNumber(best.skill),
          note: '1 − MSE / MSE of persistence',
        },
        { label: 'stations', value: run.stations.length, note: `every ${run.step / 3_600_000} h` },
      ]),
      section('How to read this', [
        paragraph(
          `Each method saw the ${run.steps} samples before an origin and nothing later, and said the next ${run.horizon}. ` +
            `It was scored on ${run.parts[2]!.examples} origins, one a day, that lie after everything it learned from. ` +
            'RMSE is pooled: the root of the mean square over all origins, stations and hours. Networks are solid lines, ' +
            `baselines dashed. Networks learn the deviation from ${run.reference.split(':')[0]}.`,
        ),
      ]),
      section(
        'Where',
        await chart(
          stationMap(run, shown),
          `Highest forecast value in the next ${(run.horizon * run.step) / 3_600_000} hours.`,
        ),
      ),
      section('Forecasts', [legend(run.methods), columns(stations)]),
      section('Scores', [
        scoreTable('RMSE [TECU] on the test days', run.methods, [
          ['all days', run.scores.all],
          ['quiet days', run.scores.quiet],
          ['disturbed days', run.scores.disturbed],
        ]),
        paragraph(
          `${run.dayKinds.rule}. ${run.dayKinds.quiet.length} quiet and ${run.dayKinds.disturbed.length} disturbed days.`,
        ),
        skillTable(run.scores.all, run.methods),
        columns([await chart(dayKindChart(run)), await chart(horizonChart(run))]),
        scoreTable(
          'RMSE [TECU] by latitude band',
          run.methods,
          run.scores.bands.map(({ label, scores }) => [label, scores]),
        ),
        scoreTable('RMSE [TECU] by station', run.methods, Object.entries(run.scores.stations)),
      ]),
      section('Data', [facts(run), await chart(histogramChart(run))]),
      section('Training', [
        trainingTable(run),
        await chart(trainingChart(run)),
        details('Provenance', provenance(run)),
      ]),
    ],
    footer: `Made by tidecast-tec on ${formatTime(Date.parse(run.created))}, seed ${run.seed}, backend ${run.backend}. Coastlines: Natural Earth.`,
  });
}

function labelOf(methods: readonly Method[], { method }: Score): string {
  return methods.find(({ name }) => name === method)?.label ?? method;
}

function legend(methods: readonly Method[]): Content {
  const styles = methodStyle(methods);
  const item = (label: string, color: string, dashed: boolean) =>
    `<span style="white-space:nowrap;margin-right:1.2em"><svg width="28" height="8" aria-hidden="true"><line x1="0" y1="4" x2="28" y2="4" stroke="${color}" stroke-width="2"${dashed ? ' stroke-dasharray="4 3"' : ''}/></svg> ${label}</span>`;
  const items = methods.map(({ name, label, kind }) =>
    item(label, styles.get(name)!.color, kind === 'baseline'),
  );
  return { html: `<p>${item('observed', OBSERVED, false)}${items.join('')}</p>` };
}

function scoreTable(
  caption: string,
  methods: readonly Method[],
  rows: readonly (readonly [string, readonly Score[]])[],
): Content {
  const filled = rows.filter(([, scores]) => scores.length > 0 && scores[0]!.count > 0);
  return table({
    caption,
    columns: ['', ...methods.map(({ label }) => label), 'values'],
    rows: filled.map(([label, scores]) => [
      label,
      ...scores.map(({ rmse }) => formatNumber(rmse)),
      scores[0]!.count,
    ]),
  });
}

function skillTable(scores: readonly Score[], methods: readonly Method[]): Content {
  return table({
    caption: 'All days, all stations',
    columns: ['method', 'RMSE [TECU]', 'MAE [TECU]', 'bias [TECU]', 'skill over persistence'],
    rows: scores.map((score) => [
      labelOf(methods, score),
      formatNumber(score.rmse),
      formatNumber(score.mae),
      formatNumber(score.bias),
      formatNumber(score.skill),
    ]),
  });
}

function facts({ facts: data, parts, dropped }: ForecastRun): Content {
  const rows: [string, Content][] = [
    ['source', data.source],
    ['Kp', data.index ?? 'none'],
    ['time', `${formatTime(data.first)} to ${formatTime(data.last)}`],
    ['samples', `${data.samples}; ${data.missing} station values missing`],
    ...parts.map(({ name, first, last, examples }): [string, Content] => [
      `${name} origins`,
      `${formatTime(first)} to ${formatTime(last)}, ${examples}${name === 'test' ? ' a station' : ' windows'}`,
    ]),
    ['windows left out for missing values', dropped],
    ...data.notes.map((note): [string, Content] => ['note', note]),
  ];
  return table({ columns: ['', { header: '', align: 'left' }], rows });
}

function trainingTable({ training }: ForecastRun): Content {
  return table({
    columns: ['network', 'parameters', 'epochs', 'kept epoch', 'seconds'],
    rows: training.map(({ model, parameters, epochs, bestEpoch, seconds }) => [
      model,
      parameters,
      epochs.length,
      bestEpoch,
      formatNumber(seconds, 0),
    ]),
  });
}

function provenance(run: ForecastRun): Content {
  return table({
    columns: ['', { header: '', align: 'left' }],
    rows: [
      ['seed', run.seed],
      ['backend', run.backend],
      ...Object.entries(run.versions),
      ['reference of the networks', run.reference],
      ['forecasting networks', 'the ones that were scored; they did not learn from the test days'],
    ],
  });
}
