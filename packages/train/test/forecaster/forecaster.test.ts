import {
  createSeries,
  decodeSafetensors,
  encodeSafetensors,
  HOUR,
  type Series,
  splitByTime,
  timeAt,
  type WindowSamples,
  windows,
} from '@tidecast/data';
import { createModel, dense, loadModel, lstm, network, reshape, saveModel } from '@tidecast/models';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  adam,
  asForecastFunction,
  binaryCrossEntropy,
  binaryFocal,
  createIncrementalLearner,
  crossEntropy,
  type Forecaster,
  fit,
  fitForecaster,
  focal,
  forecast,
  forecastMany,
  loadForecaster,
  mse,
  saveForecaster,
} from '../../src/index.ts';
import { weightsOf } from '../helpers.ts';

setUpBackend();

const START = Date.UTC(2017, 0, 1);
const STEP = 2 * HOUR;

/** A daily wave of 10 ± 5 TECU around `mean`, an index, and the wave itself as a channel known ahead. */
function makeSeries(samples = 480, mean = 10): Series {
  const values = new Float32Array(samples * 3);
  for (let i = 0; i < samples; i++) {
    const wave = 5 * Math.sin((2 * Math.PI * i) / 12);
    values.set([mean + wave + Math.sin(i * 1.7), 3 + Math.cos(i / 9), mean + wave], 3 * i);
  }
  return createSeries({
    start: START,
    step: STEP,
    shape: [3],
    channels: [
      { name: 'tec', unit: 'TECU' },
      { name: 'kp', unit: '1' },
      { name: 'mean', unit: 'TECU', known: 'always' },
    ],
    values,
  });
}

const series = makeSeries();
const spec = { steps: 12, horizon: 4, inputs: ['tec', 'kp'], targets: ['tec'], future: ['mean'] };
const options = { loss: mse(), optimizer: adam({ learningRate: 0.01 }), epochs: 8, batchSize: 32, seed: 3 };

function makeModel(input: (number | null)[] = [12, 3]) {
  const layers = [lstm({ units: 6 }), dense({ units: 4 }), reshape({ shape: [4, 1] })];
  return createModel(network({ input, layers }), { seed: 2 });
}

/** Trains on the first 240 samples, validated on 60; the rest is for tests. */
async function train(relative: boolean) {
  const full = relative ? { ...spec, relativeTo: { tec: 'mean' } } : spec;
  const all = windows(series, full);
  const split = splitByTime(all, { validationFrom: timeAt(series, 240), testFrom: timeAt(series, 300) });
  const { validation, test } = split;
  const { forecaster } = await fitForecaster(makeModel(), split.train, {
    ...options,
    validation,
    name: 'small',
  });
  return { forecaster, test };
}

/** Forecasters are trained once and kept as bytes, which are no tensors. */
const kept = new Map<boolean, Promise<{ bytes: Uint8Array; test: WindowSamples }>>();

async function withForecaster(
  relative: boolean,
  use: (forecaster: Forecaster, test: WindowSamples) => Promise<void>,
): Promise<void> {
  if (!kept.has(relative)) {
    const making = train(relative).then(({ forecaster, test }) => {
      const bytes = saveForecaster(forecaster, saveModel);
      forecaster.model.dispose();
      return { bytes, test };
    });
    kept.set(relative, making);
  }
  const { bytes, test } = await kept.get(relative)!;
  const forecaster = loadForecaster(bytes, loadModel);
  try {
    await use(forecaster, test);
  } finally {
    forecaster.model.dispose();
  }
}

describe.each([false, true])('a forecaster, targets relative to a channel: %s', (relative) => {
  it('forecasts in the unit of the series, better than the mean', async () => {
    await withForecaster(relative, async (forecaster, test) => {
      const forecasts = await forecastMany(forecaster, test);
      expect(forecasts).toHaveLength(test.count);
      let error = 0;
      let spread = 0;
      forecasts.forEach(({ firstTime, values }, i) => {
        expect(firstTime).toBe(test.origins[i]! + STEP);
        values.forEach((value, h) => {
          const truth = series.values[3 * ((firstTime - START) / STEP + h)]!;
          error += (value - truth) ** 2;
          spread += (10 - truth) ** 2;
        });
      });
      expect(error / spread).toBeLessThan(relative ? 0.06 : 0.5);
    });
  });

  it('says the same one by one as in batches', async () => {
    await withForecaster(relative, async (forecaster, test) => {
      const many = await forecastMany(forecaster, test, { batchSize: 50 });
      for (const i of [0, 17, test.count - 1]) {
        const one = await asForecastFunction(forecaster)(series, test.origins[i]!);
        expect({ ...one, values: 0 }).toEqual({ ...many[i]!, values: 0 });
        expect(one).toMatchObject({ levels: [0.5], step: STEP, channels: [{ name: 'tec', unit: 'TECU' }] });
        one.values.forEach((value, h) => {
          expect(Math.abs(value - many[i]!.values[h]!)).toBeLessThan(1e-5 * Math.abs(value));
        });
      }
    });
  });

  it('is saved and loaded with the same forecasts, bit for bit, as a file that is also a model', async () => {
    const { forecaster, test } = await train(relative);
    const bytes = saveForecaster(forecaster, saveModel);
    const loaded = loadForecaster(bytes, loadModel);
    const { model, ...rest } = loaded;
    const { model: original, ...expected } = forecaster;
    expect(rest).toEqual(expected);
    expect(weightsOf(model)).toEqual(weightsOf(original));
    const origin = test.origins[5]!;
    expect(await forecast(loaded, series, origin)).toEqual(await forecast(forecaster, series, origin));
    expect(saveForecaster(loaded, saveModel)).toEqual(bytes);
    model.dispose();
    const bare = loadModel(bytes);
    expect(weightsOf(bare)).toEqual(weightsOf(original));
    bare.dispose();
    original.dispose();
  });
});

describe('fitForecaster', () => {
  it('fits its scalers on the training windows alone', async () => {
    const train = windows(makeSeries(120, 10), spec);
    const validation = windows(makeSeries(120, 1000), spec);
    const fitted = async (other?: typeof validation) => {
      const result = await fitForecaster(makeModel(), train, { ...options, epochs: 1, validation: other });
      result.forecaster.model.dispose();
      return result.forecaster.scalers;
    };
    expect(await fitted(validation)).toEqual(await fitted());
    expect((await fitted()).y.offset[0]).toBeCloseTo(10, 0);
  });

  it('writes down where it comes from', async () => {
    await withForecaster(false, async ({ provenance, name }) => {
      expect(name).toBe('small');
      expect(provenance).toMatchObject({
        seed: 3,
        options: { scaler: 'standard', loss: { type: 'mse' }, epochs: 8, batchSize: 32 },
        data: { from: START, to: timeAt(series, 239) },
        result: { reason: 'finished', epochs: 8 },
      });
      expect(JSON.parse(JSON.stringify(provenance))).toEqual(provenance);
    });
  });

  it('writes down the loss of the weights that it has, and what was frozen', async () => {
    const windowed = windows(makeSeries(120), spec);
    const model = makeModel();
    const { forecaster, history } = await fitForecaster(model, windowed, {
      ...{ ...options, epochs: 3, freeze: ['0'], validation: windows(makeSeries(120, 11), spec) },
      // No epoch after the first is better by so much.
      earlyStopping: { patience: 100, minDelta: 100, restoreBest: false },
    });
    model.dispose();
    const { loss, validationLoss } = history.epochs[2]!;
    expect(forecaster.provenance.result).toMatchObject({ loss, validationLoss, bestEpoch: 1 });
    expect(forecaster.provenance.options).toMatchObject({ freeze: ['0'] });
  });

  it.each([binaryCrossEntropy(), binaryFocal(), crossEntropy(), focal()])(
    'refuses losses whose targets no scaler may touch, $config.type',
    async (loss) => {
      const model = makeModel();
      const message = `a forecaster scales its targets, and the loss ${loss.config.type} takes probabilities, from 0 to 1.`;
      await expect(fitForecaster(model, windows(series, spec), { ...options, loss })).rejects.toThrow(
        `fitForecaster: ${message}`,
      );
      await withForecaster(false, async (forecaster) => {
        const make = () => createIncrementalLearner(forecaster, { ...options, loss });
        expect(make).toThrow(`incremental: ${message}`);
      });
      model.dispose();
    },
  );

  it('gives the same forecaster twice from one seed', async () => {
    const bytes: Uint8Array[] = [];
    for (let i = 0; i < 2; i++) {
      await withForecaster(
        true,
        async (forecaster) => void bytes.push(saveForecaster(forecaster, saveModel)),
      );
    }
    expect(bytes[1]).toEqual(bytes[0]);
  });

  it('forecasts over gaps only where it is told to', async () => {
    const gappy = makeSeries();
    gappy.values[3 * 305] = Number.NaN;
    const origin = timeAt(gappy, 310);
    await withForecaster(false, async (forecaster) => {
      await expect(forecast(forecaster, gappy, origin)).rejects.toThrow("input 'tec' is missing");
      const masked: Forecaster = { ...forecaster, live: { missing: 'mask' } };
      const { values } = await forecast(masked, gappy, origin);
      expect(values.every(Number.isFinite)).toBe(true);
      gappy.values[3 * 305 + 1] = 1e6;
      expect((await forecast(masked, gappy, origin)).values).toEqual(values);
    });
  });
});

describe('a forecaster refuses', () => {
  it('a series of another step, channels or units, and windows of another kind', async () => {
    await withForecaster(false, async (forecaster) => {
      const origin = timeAt(series, 310);
      const refused = (other: Series, message: string) =>
        expect(forecast(forecaster, other, origin)).rejects.toThrow(message);
      await refused(
        { ...series, step: HOUR },
        "forecaster 'small': the series must have a sample every 7200000 ms",
      );
      const [tec, kp, mean] = series.channels as [never, never, never];
      const channels = (first: object) => ({ ...series, channels: [first as never, kp, mean] });
      await refused(
        channels({ name: 'vtec', unit: 'TECU' }),
        "must have a channel 'tec', got vtec, kp, mean",
      );
      await refused(
        channels({ name: 'tec', unit: 'm' }),
        "channel 'tec' must be in TECU, got m. Convert it first.",
      );
      await refused(
        { ...series, channels: [tec, { name: 'kp', unit: '1', interval: 3 * HOUR }, mean] },
        'known too late',
      );
      await expect(forecastMany(forecaster, windows(series, { ...spec, horizon: 5 }))).rejects.toThrow(
        'forecaster: windows must be like the training windows: spec.horizon must be 4, got 5.',
      );
    });
  });

  it('networks whose output is not [horizon, targets]', async () => {
    const model = createModel(network({ input: [12, 3], layers: [lstm({ units: 2 }), dense({ units: 4 })] }));
    await expect(fitForecaster(model, windows(series, spec), options)).rejects.toThrow(
      /mse: the model's output must have the shape of the targets, \[(B|32), 4, 1\], got \[(B|32), 4\]\./,
    );
    model.dispose();
  });

  it('damaged and foreign files, by an Error that says why', async () => {
    await withForecaster(true, async (forecaster) => {
      const bytes = saveForecaster(forecaster, saveModel);
      const { tensors, metadata } = decodeSafetensors(bytes);
      const description = JSON.parse(metadata.forecaster!) as Record<string, unknown>;
      const withDescription = (text: string) => encodeSafetensors(tensors, { ...metadata, forecaster: text });
      const load = (file: Uint8Array) => loadForecaster(file, loadModel);
      expect(() => load(saveModel(forecaster.model))).toThrow('holds no forecaster');
      expect(() => load(withDescription('{'))).toThrow('its description is not JSON');
      expect(() => load(withDescription('{"version":3}'))).toThrow('version must be 1 to 2, got 3');
      expect(() => load(bytes.slice(0, -3))).toThrow('safetensors');
      const edit = (change: object) => withDescription(JSON.stringify({ ...description, ...change }));
      expect(() => load(edit({ spec: { ...spec, steps: 1e9 } }))).toThrow('forecaster: spec.steps must be');
      expect(() => load(edit({ spec: { ...spec, steps: 11 } }))).toThrow(
        'must take inputs of [11, 3], got [12, 3]',
      );
      expect(() => load(edit({ inputChannels: [] }))).toThrow('scalers of 0 input channels, got 3');
      fc.assert(
        fc.property(fc.constantFrom(...Object.keys(description)), fc.jsonValue(), (key, value) => {
          try {
            load(edit({ [key]: value })).model.dispose();
          } catch (error) {
            expect((error as Error).constructor).toBe(Error);
            expect((error as Error).message).toMatch(/^(forecaster|scaler)/);
          }
        }),
      );
    });
  });
});

describe('fit on windows', () => {
  it('takes masked windows of variable length', async () => {
    const gappy = makeSeries(100);
    gappy.values[3 * 50] = Number.NaN;
    const samples = windows(gappy, { ...spec, missing: 'mask', minSteps: 6 });
    expect(samples.masked).toBeGreaterThan(0);
    const model = makeModel([null, 3]);
    const { epochs } = await fit(model, samples, { ...options, epochs: 2 });
    expect(Number.isFinite(epochs[1]!.loss)).toBe(true);
    model.dispose();
  });
});
