// The files of a run: the forecast as JSON and CSV, the report, and the trained networks.

import type { ForecastRun } from '../forecast/result.ts';
import type { ForecastOutcome } from '../forecast/run-forecast.ts';
import { reportPage } from '../report/report-page.ts';

/** All files of a run, by name. */
export async function outputFiles({
  run,
  forecasters,
}: ForecastOutcome): Promise<Readonly<Record<string, string | Uint8Array>>> {
  return {
    'forecast.json': `${JSON.stringify(forecastJson(run), null, 2)}\n`,
    'forecast.csv': forecastCsv(run),
    'report.html': await reportPage(run),
    ...Object.fromEntries(Object.entries(forecasters).map(([name, bytes]) => [`${name}.safetensors`, bytes])),
  };
}

const iso = (time: number) => new Date(time).toISOString();
const rounded = (value: number) => (Number.isFinite(value) ? Math.round(value * 1000) / 1000 : null);

/** The forecast with its scores and where they come from. TEC in TECU; a value that could not be made is null. */
function forecastJson(run: ForecastRun) {
  const times = Array.from({ length: run.horizon }, (_, h) => iso(run.firstTime + h * run.step));
  return {
    synthetic: run.facts.synthetic,
    source: run.facts.source,
    unit: 'TECU',
    origin: iso(run.origin),
    times,
    stations: run.stations.map((station, i) => ({
      ...station,
      forecast: Object.fromEntries(
        run.methods.map(({ name }) => [name, Array.from(run.forecast[name]![i]!, rounded)]),
      ),
    })),
    scores: { all: run.scores.all, quiet: run.scores.quiet, disturbed: run.scores.disturbed },
    parts: run.parts.map((part) => ({ ...part, first: iso(part.first), last: iso(part.last) })),
    seed: run.seed,
    backend: run.backend,
    created: run.created,
  };
}

/** One row for each station and time, one column for each method. */
function forecastCsv(run: ForecastRun): string {
  const quote = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const lines = [`time,station,latitude,longitude,${run.methods.map(({ name }) => name).join(',')}`];
  for (const [i, { name, latitude, longitude }] of run.stations.entries()) {
    for (let h = 0; h < run.horizon; h++) {
      const values = run.methods.map((method) => rounded(run.forecast[method.name]![i]![h]!) ?? '');
      lines.push([iso(run.firstTime + h * run.step), quote(name), latitude, longitude, ...values].join(','));
    }
  }
  return `${lines.join('\n')}\n`;
}
