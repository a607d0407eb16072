import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createSeries, HOUR, windows } from '@tidecast/data';
import { createModel, dense, flatten, loadModel, network, reshape, saveModel } from '@tidecast/models';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import { adam, fit, fitForecaster, forecast, mse } from '../src/index.ts';
import { fileCheckpoint, loadForecasterFile, progressBar, saveForecasterFile } from '../src/node.ts';
import { VERSION } from '../src/version.ts';
import { sequenceSamples, smallModel, weightsOf } from './helpers.ts';

setUpBackend();

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidecast-train-'));
});
afterAll(() => rm(folder, { recursive: true }));

const base = { loss: mse(), optimizer: adam(), batchSize: 16, seed: 1 };

describe('fileCheckpoint', () => {
  it('starts where there is no file, goes on where there is one, and leaves no other file', async () => {
    const file = fileCheckpoint(join(folder, 'run.safetensors'));
    expect(await file.read()).toBeUndefined();
    const train = sequenceSamples(40, 1);
    const run = async (epochs: number, checkpoint?: typeof file) => {
      const model = smallModel();
      const resume = await checkpoint?.read();
      const history = await fit(model, train, { ...base, epochs, checkpoint, resume });
      const weights = weightsOf(model);
      model.dispose();
      return { history, weights };
    };
    await run(2, file);
    expect(await run(4, file)).toEqual(await run(4));
    expect(await readdir(folder)).toEqual(['run.safetensors']);
  });

  it('says which file cannot be written or read, and why', async () => {
    const missing = fileCheckpoint(join(folder, 'no', 'run.safetensors'));
    await expect(missing.write(new Uint8Array(1))).rejects.toThrow(
      /^cannot write .*no.run\.safetensors: ENOENT/,
    );
    await expect(fileCheckpoint(folder).read()).rejects.toThrow(/^cannot read .*: EISDIR/);
  });

  it('leaves nothing behind where the file cannot take its place', async () => {
    // A folder in the way of the rename is a failure one can stage on every system.
    await expect(fileCheckpoint(folder).write(new Uint8Array(1))).rejects.toThrow('cannot write');
    const around = await readdir(join(folder, '..'));
    expect(around.filter((name) => name.startsWith(basename(folder)))).toEqual([basename(folder)]);
  });
});

describe('forecaster files', () => {
  it('hold the same forecaster; errors name the file', async () => {
    const values = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i / 3));
    const series = createSeries({
      start: 0,
      step: HOUR,
      shape: [1],
      channels: [{ name: 'tec', unit: 'TECU' }],
      values,
    });
    const layers = [flatten(), dense({ units: 2 }), reshape({ shape: [2, 1] })];
    const model = createModel(network({ input: [6, 1], layers }), { seed: 1 });
    const samples = windows(series, { steps: 6, horizon: 2, inputs: ['tec'], targets: ['tec'] });
    const { forecaster } = await fitForecaster(model, samples, { ...base, epochs: 2 });
    const path = join(folder, 'forecaster.safetensors');
    await saveForecasterFile(forecaster, path, saveModel);
    const loaded = await loadForecasterFile(path, loadModel);
    expect(await forecast(loaded, series, 59 * HOUR)).toEqual(await forecast(forecaster, series, 59 * HOUR));
    expect(loaded.provenance.versions.train).toBe(VERSION);
    loaded.model.dispose();
    model.dispose();
    await expect(loadForecasterFile(join(folder, 'x'), loadModel)).rejects.toThrow('there is no such file');
    await writeFile(path, 'nonsense');
    await expect(loadForecasterFile(path, loadModel)).rejects.toThrow(
      /forecaster\.safetensors: safetensors: /,
    );
  });
});

describe('progressBar', () => {
  const batches = 4;
  const record = (epoch: number) => ({
    epoch,
    loss: 1 / epoch,
    validationLoss: 2 / epoch,
    learningRate: 1,
    clippedByNorm: 0,
    clippedByValue: 0,
    skipped: 0,
  });

  /** What a run of `epochs` writes, at 60 ms per batch. */
  function written(stream: { isTTY: boolean; columns?: number }, epochs: number, every?: number) {
    vi.useFakeTimers({ toFake: ['performance'] });
    const texts: string[] = [];
    const bar = progressBar({ ...stream, write: (text) => texts.push(text) }, { label: 'lstm', every });
    bar({ kind: 'start', epochs, batches, epoch: 1, parameters: 1, path: 'tape' });
    for (let epoch = 1; epoch <= epochs; epoch++) {
      for (let batch = 1; batch <= batches; batch++) {
        vi.advanceTimersByTime(60);
        const quiet = { gradientNorm: 1, learningRate: 1, clippedByNorm: false, clippedByValue: false };
        bar({ kind: 'batch', epoch, batch, batches, loss: 1.5, ...quiet });
      }
      bar({ kind: 'epoch', epochs, best: true, ...record(epoch) });
    }
    bar({ kind: 'restore', epoch: 1, validationLoss: 2 });
    const history = {
      epochs: Array.from({ length: epochs }, (_, i) => record(i + 1)),
      reason: 'finished',
    } as const;
    bar({ kind: 'end', history });
    vi.useRealTimers();
    return texts;
  }

  it('writes about ten plain lines off a terminal', () => {
    const lines = written({ isTTY: false }, 20);
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe('lstm  epoch 2/20  loss 0.5000  validation 1.000\n');
    expect(lines.at(-1)).toBe('lstm  done after 20 epochs in 5 s  validation 2.000 (weights of epoch 1)\n');
    expect(written({ isTTY: false }, 4, 3)).toHaveLength(3);
  });

  it('draws one line over and over on a terminal, at most ten times a second, and leaves the result', () => {
    const clear = '\r\x1b[2K';
    const lines = written({ isTTY: true, columns: 120 }, 2);
    expect(lines).toEqual([
      `${clear}lstm  epoch 1/2 ━━━━━━━━──────── loss 1.500  60.0 ms/step  0 s left`,
      `${clear}lstm  epoch 1/2 ━━━━━━━━━━━━━━━━ loss 1.500  60.0 ms/step  0 s left`,
      `${clear}lstm  epoch 2/2 ━━━━━━━━──────── loss 1.000  validation 2.000  60.0 ms/step  0 s left`,
      `${clear}lstm  epoch 2/2 ━━━━━━━━━━━━━━━━ loss 1.000  validation 2.000  60.0 ms/step  0 s left`,
      `${clear}lstm  done after 2 epochs in 0 s  validation 2.000 (weights of epoch 1)\n`,
    ]);
    for (const line of written({ isTTY: true, columns: 30 }, 3)) {
      expect(line.trimEnd().length - clear.length).toBeLessThan(30);
    }
  });
});

it('the version that goes into files is that of the package', async () => {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  expect(VERSION).toBe((JSON.parse(manifest) as { version: string }).version);
});
