import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@tidecast/backend';
import { describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../test/shared-data.ts';
import { main } from '../src/index.ts';
import { readVtecFolder } from '../src/study/read-vtec.ts';
import { runStudy } from '../src/study/study.ts';

describe.skipIf(!hasSharedData)(`real data${needsSharedData}`, () => {
  it('seven days of JPL maps become a forecast of the day after', async () => {
    const out = await mkdtemp(join(tmpdir(), 'tec-real-'));
    const days = [267, 268, 269, 270, 271, 272, 273].map((day) => sharedData(`ionex/jplg${day}0.12i.Z`));
    const quiet = { write: () => true };
    const index = sharedData('indices/GFZ_Kp_ap_Ap_SN_F107_2004-2024_noheader.txt.gz');
    const status = await main(['forecast', '--gim', ...days, '--index', index, '--out', out], {
      stdout: quiet,
      stderr: quiet,
    });
    expect(status).toBe(0);
    const forecast = JSON.parse(await readFile(join(out, 'forecast.json'), 'utf8'));
    expect(forecast.synthetic).toBe(false);
    expect(forecast.origin).toBe('2012-09-30T00:00:00.000Z');
    expect(forecast.stations).toHaveLength(18);
    await rm(out, { recursive: true });
  });

  it('the study: baselines at the reference figures, a GRU better than both simple ones, and 90 % bands that hold 88 to 92 %', async () => {
    await useBackend('wasm');
    const rows = await runStudy(await readVtecFolder(sharedData('tec')), {
      models: ['gru'],
      seeds: 1,
      epochs: 15,
    });
    const figures = (model: string) =>
      rows
        .filter((row) => row.model === model)
        .map(({ latitude, all, storm }) => [latitude, all.toFixed(2), storm.toFixed(2)]);
    expect(figures('persistence')).toEqual([
      ['10N', '2.30', '3.15'],
      ['40N', '2.22', '4.36'],
      ['70N', '1.17', '1.98'],
    ]);
    expect(figures('mean27')).toEqual([
      ['10N', '3.07', '4.02'],
      ['40N', '1.97', '3.42'],
      ['70N', '1.16', '1.65'],
    ]);
    const all = (model: string, latitude: string) =>
      rows.find((row) => row.model === model && row.latitude === latitude)!.all;
    for (const latitude of ['10N', '40N', '70N']) {
      expect(all('gru', latitude)).toBeLessThan(all('persistence', latitude));
      expect(all('gru', latitude)).toBeLessThan(all('mean27', latitude));
    }
    for (const row of rows) {
      const what = `${row.model} at ${row.latitude}`;
      expect(Math.abs(row.coverage90 - 0.9), what).toBeLessThanOrEqual(0.02);
      expect(row.coverage90Storm, what).toBeGreaterThan(0.7);
      // What the bands add: the CRPS of a forecast without them is its mean absolute error, about 0.8 of its RMSE.
      expect(row.crps, what).toBeLessThan(0.65 * row.all);
      expect(row.width90, what).toBeGreaterThan(2 * row.crps);
    }
  });
});
