// Real VTEC, a day ahead: a network of the study, frozen or updated every day of the last year, at three latitudes, over
// all days and over storm days. How it learns on was chosen on the last four months before that year.

import { join } from 'node:path';
import { DAY, endOf, HOUR, type Series, splitByTime, windows } from '@tidecast/data';
import { type BacktestResult, scoreForecasts, seedSpread, stormDays } from '@tidecast/eval';
import { loadModel, saveModel } from '@tidecast/models';
import {
  backtestStudy,
  networkSpec,
  readVtecFolder,
  STUDY_TRAINING,
  studySeries,
  trainStudyNetwork,
} from '@tidecast/tec';
import {
  adamw,
  asForecastFunction,
  createIncrementalLearner,
  loadForecaster,
  mse,
  type PrequentialResult,
  prequential,
  prequentialChart,
  saveForecaster,
} from '@tidecast/train';
import type { Claim, Example, ExampleChart } from '../example.ts';

const FAMILY = 'cnn';
/** Epochs of the first training at most; it stops early. */
const EPOCHS = 40;

/** How the network learns on. */
interface UpdateSettings {
  learningRate: number;
  /** Part of an update that is replayed. */
  share: number;
}

/**
 * Of learning rates 1e-4, 3e-4, 1e-3 and 3e-3 with shares 0.5 and 0.9 the best mean RMSE over the three latitudes in
 * September to December 2016, by the first network that had learnt up to August.
 */
const SETTINGS: UpdateSettings = { learningRate: 1e-3, share: 0.9 };

/** Trains until `from`, then forecasts each day of the period, frozen and updated. */
async function frozenAndUpdated(
  series: Series,
  { from, to }: { from: number; to: number },
  { seed, epochs, signal }: { seed: number; epochs: number; signal: AbortSignal },
): Promise<{ frozen: BacktestResult; updated: PrequentialResult }> {
  const trained = await trainStudyNetwork(series, { family: FAMILY, seed, until: from, epochs, signal });
  const bytes = saveForecaster(trained, saveModel);
  let frozen: BacktestResult;
  try {
    frozen = await backtestStudy(asForecastFunction(trained), series, { from, to, signal });
  } finally {
    trained.model.dispose();
  }
  const { train: start, validation: holdOut } = splitByTime(
    windows(series, { ...networkSpec(series), stride: STUDY_TRAINING.stride }),
    { validationFrom: from - STUDY_TRAINING.validationDays * DAY, testFrom: from },
  );
  const forecaster = loadForecaster(bytes, loadModel);
  try {
    const { learningRate, share } = SETTINGS;
    const learner = createIncrementalLearner(forecaster, {
      ...{ loss: mse(), batchSize: 64, seed },
      optimizer: adamw({ learningRate, weightDecay: STUDY_TRAINING.weightDecay }),
      replay: { capacity: 2000, share, start },
      guard: { holdOut, tolerance: 0.1 },
    });
    const updated = await prequential(learner, series, {
      ...{ from, to, every: DAY, signal },
      // Windows every 4 hours, as in the first training.
      windows: { align: 4 * HOUR },
    });
    return { frozen, updated };
  } finally {
    forecaster.model.dispose();
  }
}

/** RMSEs of one network at one latitude [TECU]. */
interface Row extends Record<string, string | number> {
  latitude: string;
  seed: number;
  frozen: number;
  updated: number;
  frozenStorm: number;
  updatedStorm: number;
  updates: number;
  rolledBack: number;
}

/** The example. */
export const vtecIncrementalExample: Example = {
  title:
    'Incremental learning on real VTEC: a network frozen at the end of 2016 against one updated daily in 2017',
  source:
    'The data and the protocol of the VTEC study: hourly VTEC at 10N, 40N and 70N, trained on 2015 and 2016, a forecast of ' +
    'each day of 2017 at 00 UT. Every day is scored before it is learnt.',
  needsData: true,
  async run({ seeds, quick, data, progress, signal }) {
    const { hourly, targets } = await readVtecFolder(join(data!, 'tec'));
    const end = endOf(hourly);
    const year = Date.UTC(new Date(end - 1).getUTCFullYear(), 0, 1);
    const period = { from: year, to: quick ? year + 8 * DAY : end };
    const rows: Row[] = [];
    const charts: ExampleChart[] = [];
    for (const target of quick ? targets.slice(0, 1) : targets) {
      const latitude = target.replace('VTEC_', '');
      const series = studySeries(hourly, target);
      const where = quick ? undefined : stormDays(series, { channel: 'kp', atLeast: 5 });
      const rmse = (result: BacktestResult, storm = false) =>
        scoreForecasts(result, storm && where ? { where } : {})[0]!.pooled.rmse;
      for (let seed = 1; seed <= seeds; seed++) {
        const epochs = quick ? 1 : EPOCHS;
        const { frozen, updated } = await frozenAndUpdated(series, period, { seed, epochs, signal });
        const row: Row = {
          ...{ latitude, seed },
          ...{ frozen: rmse(frozen), updated: rmse(updated.backtest) },
          ...{ frozenStorm: rmse(frozen, true), updatedStorm: rmse(updated.backtest, true) },
          updates: updated.updates.length,
          rolledBack: updated.updates.filter((update) => !update.accepted).length,
        };
        rows.push(row);
        progress(
          `${latitude}, seed ${seed}: frozen ${row.frozen.toFixed(2)}, updated ${row.updated.toFixed(2)} TECU, ${row.rolledBack} rolled back`,
        );
        if (seed === 1) charts.push(chartOf(latitude, frozen, updated, charts.length === 0));
      }
    }
    const latitudes = [...new Set(rows.map((row) => row.latitude))];
    const claims = latitudes.flatMap((latitude) => {
      const own = rows.filter((row) => row.latitude === latitude);
      return [
        claimOf(`${latitude}, all days`, own, 'frozen', 'updated'),
        claimOf(`${latitude}, storm days`, own, 'frozenStorm', 'updatedStorm'),
      ];
    });
    return { claims, rows, charts };
  },
};

/** One latitude over time; the first chart has the name of the example. */
function chartOf(
  latitude: string,
  frozen: BacktestResult,
  updated: PrequentialResult,
  first: boolean,
): ExampleChart {
  return {
    name: first ? 'vtec-incremental' : `vtec-incremental-${latitude.toLowerCase()}`,
    caption: `RMSE of 27 days at ${latitude}, frozen against updated daily; one seed. Dashed: updates that were rolled back.`,
    spec: prequentialChart({
      results: { frozen, 'updated daily': updated.backtest },
      updates: updated.updates,
      title: `VTEC at ${latitude}`,
    }),
  };
}

/** Updated against frozen, network by network. */
function claimOf(what: string, rows: readonly Row[], before: keyof Row, after: keyof Row): Claim {
  const spread = (name: keyof Row) => {
    const { mean, sd } = seedSpread(rows.map((row) => ({ seed: row.seed, value: Number(row[name]) })));
    return { mean, text: `${mean.toFixed(3)} ± ${(rows.length > 1 ? sd : 0).toFixed(3)}` };
  };
  const frozen = spread(before);
  const updated = spread(after);
  return {
    method: `Incremental learning on VTEC: ${what}`,
    figure: `RMSE ${updated.text} TECU updated daily`,
    bar: `below the frozen network, ${frozen.text} TECU`,
    met: updated.mean < frozen.mean,
  };
}
