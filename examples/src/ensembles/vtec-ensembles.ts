// Real VTEC, a day ahead: five networks of the study together against one of them, at three latitudes, over all of the
// last year and over its storm days. Once with the study's point forecasts, once with Gaussian heads.

import { join } from 'node:path';
import { DAY, endOf, type Series, splitByTime, windows } from '@tidecast/data';
import { type SeedResult, seedSpread, stormDays } from '@tidecast/eval';
import { barChart } from '@tidecast/eval/report';
import { loadModel, saveModel } from '@tidecast/models';
import { networkSpec, readVtecFolder, studySeries, trainStudyNetwork } from '@tidecast/tec';
import {
  disposeEnsemble,
  ensemble,
  ensembleDistributions,
  gaussianNll,
  mse,
  saveForecaster,
} from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { type Compared, compare, observedAt } from './scores.ts';

const MEMBERS = 5;
const FAMILY = 'cnn';
/** Epochs at most; training stops early, as in the study. */
const EPOCHS = 40;
const HEADS = ['point', 'Gaussian'] as const;
type HeadName = (typeof HEADS)[number];

/** A network of the study, or the same with a Gaussian head, as bytes. */
async function trainMember(
  series: Series,
  head: HeadName,
  options: { seed: number; until: number; epochs: number; signal: AbortSignal },
): Promise<Uint8Array> {
  const loss = head === 'point' ? mse() : gaussianNll();
  const forecaster = await trainStudyNetwork(series, { family: FAMILY, loss, ...options });
  try {
    return saveForecaster(forecaster, saveModel);
  } finally {
    forecaster.model.dispose();
  }
}

/** Scores at one latitude with one kind of head, over all days and over storm days [TECU]. */
interface Row {
  latitude: string;
  head: HeadName;
  all: Compared;
  storm: Compared;
  /** Mean disagreement of the members (standard deviation) [TECU], over all days and over storm days. */
  disagreement: number;
  disagreementStorm: number;
}

async function runLatitude(
  series: Series,
  latitude: string,
  head: HeadName,
  { testFrom, quick, signal }: ExampleOptions & { testFrom: number },
): Promise<Row> {
  const { ensemble: made } = await ensemble({
    count: quick ? 2 : MEMBERS,
    seed: 1,
    data: null,
    executor: ({ seed }, context) =>
      trainMember(series, head, {
        seed,
        until: testFrom,
        epochs: quick ? 1 : EPOCHS,
        signal: context.signal,
      }),
    loadModel,
    signal,
  });
  // Issued every midnight of the last year, as in the study.
  const daily = windows(series, { ...networkSpec(series), align: DAY });
  const { test } = splitByTime(daily, { validationFrom: testFrom, testFrom });
  const said = await ensembleDistributions(made, test);
  disposeEnsemble(made);
  const channel = series.channels.findIndex(({ name }) => name === 'tec');
  const { times, observed } = observedAt(series, test, channel);
  const isStorm = stormDays(series, { channel: 'kp', atLeast: 5 });
  const all = [...observed.keys()].filter((i) => Number.isFinite(observed[i]!));
  const storm = all.filter((i) => isStorm(times[i]!));
  const spreadOver = (rows: readonly number[]) =>
    rows.reduce((sum, i) => sum + Math.sqrt(said.variance.epistemic[i]!), 0) / rows.length;
  return {
    latitude,
    head,
    all: compare(said, observed, all),
    storm: compare(said, observed, storm),
    disagreement: spreadOver(all),
    disagreementStorm: spreadOver(storm),
  };
}

/** The example. */
export const vtecEnsembles: Example = {
  title: 'Ensembles on real VTEC: five networks together against one, all days and storm days',
  source:
    'Lakshminarayanan, Pritzel and Blundell 2017, NeurIPS. Networks and settings of the VTEC study, which were chosen ' +
    'before the test year; hourly VTEC of Natras, Soja and Schmidt. The seeds are those of the five members.',
  needsData: true,
  async run(options) {
    const { hourly, targets } = await readVtecFolder(join(options.data!, 'tec'));
    const testFrom = Date.UTC(new Date(endOf(hourly) - 1).getUTCFullYear(), 0, 1);
    const rows: Row[] = [];
    for (const target of options.quick ? targets.slice(0, 1) : targets) {
      const latitude = target.replace('VTEC_', '');
      const series = studySeries(hourly, target);
      for (const head of HEADS) {
        const row = await runLatitude(series, latitude, head, { ...options, testFrom });
        options.progress(
          `${latitude}, ${head}: RMSE ${average(row.all.single, 'rmse').toFixed(3)} alone, ${row.all.ensemble.rmse.toFixed(3)} together`,
        );
        rows.push(row);
      }
    }
    return {
      claims: (['all', 'storm'] as const).flatMap((days) => [
        claim(of(rows, 'point'), 'rmse', days),
        claim(of(rows, 'Gaussian'), 'rmse', days),
        claim(of(rows, 'Gaussian'), 'crps', days),
      ]),
      rows: rows.flatMap(tableRows),
      charts: [
        {
          name: 'vtec-ensembles',
          caption:
            'RMSE of a day-ahead forecast of VTEC in the last year, point forecasts: one network (mean of five) and the five ' +
            'together, over all days and over storm days (Kp 5 or more).',
          spec: barChart({ rows: bars(rows, 'point', 'rmse'), y: 'RMSE [TECU]' }),
        },
        {
          name: 'vtec-ensembles-crps',
          caption: 'CRPS of networks with a Gaussian head, alone and together.',
          spec: barChart({ rows: bars(rows, 'Gaussian', 'crps'), y: 'CRPS [TECU]' }),
        },
      ],
    };
  },
};

type Score = 'rmse' | 'crps' | 'coverage90';

const seedResults = (single: Compared['single'], score: Score): SeedResult[] =>
  single.map((each, seed) => ({ seed, value: each[score] }));

const average = (single: Compared['single'], score: Score) => seedSpread(seedResults(single, score)).mean;

const of = (rows: readonly Row[], head: HeadName) => rows.filter((row) => row.head === head);

/** All latitudes in one line; each must be below one network by what seeds make of it. */
function claim(rows: readonly Row[], score: 'rmse' | 'crps', days: 'all' | 'storm'): Claim {
  const each = rows.map(({ latitude, [days]: { single, ensemble } }) => {
    const { mean, sd } = seedSpread(seedResults(single, score));
    const coverage = [ensemble.coverage90, average(single, 'coverage90')].map((share) =>
      (100 * share).toFixed(0),
    );
    return { latitude, value: ensemble[score], mean, sd, coverage };
  });
  const list = (text: (one: (typeof each)[number]) => string) => each.map(text).join(' / ');
  const head = rows[0]!.head === 'point' ? 'point networks' : 'Gaussian heads';
  const gains = list(({ value, mean }) => ((100 * (mean - value)) / mean).toFixed(1));
  const covers =
    score === 'crps'
      ? `; the 90 % band covers ${list(({ coverage }) => coverage[0]!)} %, one network's ${list(({ coverage }) => coverage[1]!)} %`
      : '';
  return {
    method: `VTEC ensemble of ${MEMBERS}, ${head}, ${days === 'all' ? 'all days' : 'storm days'}: ${score.toUpperCase()}`,
    figure:
      `${list(({ value }) => value.toFixed(3))} TECU at ${list(({ latitude }) => latitude)}, ` +
      `${gains} % below one network${covers}`,
    bar: `one network, ${list(({ mean, sd }) => `${mean.toFixed(3)} ± ${sd.toFixed(3)}`)} TECU; below it by its spread over seeds`,
    met: each.every(({ value, mean, sd }) => value < mean - sd),
  };
}

/** One line for each member, and one for all together. */
function tableRows({ latitude, head, all, storm, disagreement, disagreementStorm }: Row) {
  const line = (who: string, a: Compared['ensemble'], s: Compared['ensemble']) => ({
    latitude,
    head,
    who,
    rmse: a.rmse,
    rmseStorm: s.rmse,
    crps: a.crps,
    crpsStorm: s.crps,
    coverage90: a.coverage90,
    coverage90Storm: s.coverage90,
  });
  return [
    ...all.single.map((each, i) => line(`member ${i + 1}`, each, storm.single[i]!)),
    { ...line('together', all.ensemble, storm.ensemble), disagreement, disagreementStorm },
  ];
}

function bars(rows: readonly Row[], head: HeadName, score: 'rmse' | 'crps') {
  return of(rows, head).flatMap((row) =>
    (['all', 'storm'] as const).flatMap((days) => [
      { group: `${row.latitude} ${days}`, name: 'one network', value: average(row[days].single, score) },
      { group: `${row.latitude} ${days}`, name: `${MEMBERS} together`, value: row[days].ensemble[score] },
    ]),
  );
}
