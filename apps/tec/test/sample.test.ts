import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY, HOUR, readIndices } from '@tidecast/data';
import { readIonexFile } from '@tidecast/data/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSample, writeSample } from '../src/index.ts';

describe('the synthetic sample', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tec-sample-'));
    await writeSample(folder, { days: 2, seed: 3 });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is the same for the same seed, and another for another', () => {
    const first = (seed: number) => createSample({ days: 1, seed }).maps().next().value!.tec;
    expect(first(3)).toEqual(first(3));
    expect(first(3)).not.toEqual(first(4));
  });

  it('reads back through the readers for real files, to a tenth of a TECU, and says that it is synthetic', async () => {
    const names = (await readdir(folder)).sort();
    expect(names).toEqual(['kp_synthetic.txt', 'synt0150.35i.gz', 'synt0160.35i.gz']);
    const file = await readIonexFile(join(folder, names[1]!), { mode: 'strict' });
    expect(file.description.join(' ')).toMatch('SYNTHETIC');
    const day = createSample({ days: 2, seed: 3 }).maps().next().value!;
    expect(file.maps.tec.epochs).toEqual(day.times);
    expect(file.maps.rms.epochs).toHaveLength(13);
    for (const [i, value] of day.tec.entries()) {
      expect(Math.abs(file.maps.tec.values[i]! - value)).toBeLessThanOrEqual(0.05 + 1e-4);
    }
    const { kp } = readIndices(await readFile(join(folder, names[0]!), 'utf8'));
    expect(kp!.step).toBe(3 * HOUR);
    expect([...kp!.values]).toEqual([...createSample({ days: 2, seed: 3 }).kp.values]);
    expect(kp!.start).toBe(day.date);
    expect(day.times.at(-1)! - day.date).toBe(DAY);
  });
});
