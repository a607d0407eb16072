// Samples that have to be waited for: the same run as with those that are there at once, and no more of them at a time than
// was said.

import { arraySamples, type Draw, type SampleSource, type Samples, subset } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  adam,
  balancedBatches,
  evaluate,
  type FitOptions,
  fit,
  mse,
  predict,
  reweighted,
  weightedResampling,
} from '../../src/index.ts';
import { randomArray, sequenceSamples, smallModel, weightsOf } from '../helpers.ts';

setUpBackend();

const train = sequenceSamples(50, 1);
const validation = sequenceSamples(20, 2);
const base: FitOptions = {
  loss: mse(),
  optimizer: adam({ learningRate: 0.02 }),
  epochs: 3,
  batchSize: 8,
  seed: 5,
};

/** The samples, each batch some turns of the event loop late, and later ones often before earlier ones. */
function late(samples: Samples, fail?: (indices: ArrayLike<number>, asked: number) => void) {
  const seen = { asked: 0, pending: 0, most: 0 };
  const source: SampleSource = {
    ...samples,
    async batch(indices, draw) {
      const turns = 1 + ((3 * seen.asked) % 4);
      seen.asked++;
      seen.pending++;
      seen.most = Math.max(seen.most, seen.pending);
      try {
        fail?.(indices, seen.asked);
        for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
        return samples.batch(indices, draw);
      } finally {
        seen.pending--;
      }
    },
  };
  return { source, seen };
}

/** A constant is added to the inputs of an example, for each draw another. */
const drawn = (samples: Samples, strength = 1): Samples => ({
  ...samples,
  batch(indices, draw) {
    const { x, ...rest } = samples.batch(indices);
    const shift = draw ? strength * Math.sin(draw.epoch + draw.position + draw.seed) : 0;
    return { x: { data: x.data.map((value) => value + shift), shape: x.shape }, ...rest };
  },
});

async function run(samples: SampleSource, options: Partial<FitOptions> = {}, planned = true) {
  const model = smallModel();
  const saved: Uint8Array[] = [];
  try {
    const history = await fit(planned ? model : { ...model, plan: undefined }, samples, {
      ...base,
      checkpoint: { write: (bytes) => void saved.push(bytes.slice()) },
      ...options,
    });
    return { history, weights: weightsOf(model), saved };
  } finally {
    model.dispose();
  }
}

describe('samples that have to be waited for', () => {
  for (const planned of testBackend === 'wasm' ? [true, false] : [false]) {
    it(`train as if they were there, ${planned ? 'planned' : 'on the tape'}, whatever is asked for ahead`, async () => {
      const expected = await run(drawn(train), { validation }, planned);
      for (const prefetch of [0, 1, 2, 20]) {
        const { source, seen } = late(drawn(train));
        const waited = await run(source, { validation: late(validation).source, prefetch }, planned);
        expect(waited).toEqual(expected);
        expect(seen.most).toBe(Math.min(prefetch + 1, 7));
      }
    });
  }

  it('are evaluated and predicted in their order', async () => {
    const model = smallModel();
    const { source, seen } = late(train);
    expect(await predict(model, source, { batchSize: 7 })).toEqual(
      await predict(model, train, { batchSize: 7 }),
    );
    const options = { loss: mse(), batchSize: 7 };
    expect(await evaluate(model, source, options)).toBe(await evaluate(model, train, options));
    expect(seen.most).toBe(3);
    model.dispose();
  });

  it('end an aborted run with nothing under way, and go on from its checkpoint bit for bit', async () => {
    const whole = await run(drawn(train));
    const abort = new AbortController();
    const { source, seen } = late(drawn(train));
    const saved: Uint8Array[] = [];
    let updates = 0;
    const aborted = run(source, {
      signal: abort.signal,
      prefetch: 4,
      checkpoint: { every: 10, write: (bytes) => void saved.push(bytes.slice()) },
      onProgress: ({ kind }) => {
        if (kind === 'batch' && ++updates === 10) abort.abort();
      },
    });
    await expect(aborted).rejects.toThrow('abort');
    expect(seen.pending).toBe(0);
    const { history, weights } = await run(late(drawn(train)).source, { resume: saved[0]! });
    expect({ history, weights }).toEqual({ history: whole.history, weights: whole.weights });
  });

  it('say in their turn what is wrong with them, also where it was known before', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const { source, seen } = late(train, (_, asked) => {
      if (asked > 6) throw new Error(`batch ${asked} cannot be read`);
    });
    const losses: number[] = [];
    const going = run(source, {
      prefetch: 5,
      onProgress: (event) => void (event.kind === 'batch' && losses.push(event.loss)),
    });
    await expect(going).rejects.toThrow('batch 7 cannot be read');
    await new Promise(setImmediate);
    process.off('unhandledRejection', listen);
    // The print of the samples and what they bring were asked for before the first batch.
    expect({ updates: losses.length, pending: seen.pending, unhandled }).toEqual({
      updates: 4,
      pending: 0,
      unhandled: [],
    });
  });

  it('refuse a number of batches ahead that is none', async () => {
    await expect(run(train, { prefetch: -1 })).rejects.toThrow('fit: prefetch must be a whole number');
  });
});

describe('draws', () => {
  const spied = (samples: Samples) => {
    const draws: (Draw | undefined)[] = [];
    const spy: Samples = {
      ...samples,
      batch(indices, draw) {
        draws.push(draw);
        return samples.batch(indices, draw);
      },
    };
    return { spy, draws };
  };

  it('are told in training, and neither in validation nor in prediction', async () => {
    const trained = spied(train);
    const validated = spied(validation);
    await run(trained.spy, { batchSize: 30, epochs: 2, validation: validated.spy });
    expect(trained.draws.slice(-4)).toEqual([
      { seed: 5, epoch: 1, position: 0 },
      { seed: 5, epoch: 1, position: 30 },
      { seed: 5, epoch: 2, position: 0 },
      { seed: 5, epoch: 2, position: 30 },
    ]);
    expect(validated.draws.length).toBeGreaterThan(2);
    expect(validated.draws.every((draw) => draw === undefined)).toBe(true);
    const model = smallModel();
    await predict(model, trained.spy);
    expect(trained.draws.at(-1)).toBeUndefined();
    model.dispose();
  });

  it('pass through what wraps samples, and so do promises', async () => {
    const y = { data: Float32Array.from([0, 1, 1, 0]), shape: [4, 1] };
    const samples = drawn(arraySamples({ x: randomArray([4, 2], 1), y }));
    const draw = { seed: 1, epoch: 2, position: 3 };
    const wraps: (<S extends SampleSource>(of: S) => S)[] = [
      (of) => reweighted(of, [1, 2, 3, 4]),
      (of) => weightedResampling(of, [1, 2, 3, 4]),
      (of) => balancedBatches(of, [0, 1, 1, 0]),
    ];
    const { x } = samples.batch([2, 0], draw);
    for (const wrap of wraps) {
      expect(wrap(samples).batch([2, 0], draw).x).toEqual(x);
      const waited = wrap(late(samples).source).batch([2, 0], draw);
      expect(waited).toBeInstanceOf(Promise);
      expect(await waited).toEqual(wrap(samples).batch([2, 0], draw));
    }
    expect(subset(samples, [3, 0, 2]).batch([2, 1], draw).x).toEqual(x);
    expect((await subset(late(samples).source, [3, 0, 2]).batch([2, 1], draw)).x).toEqual(x);
  });

  it('belong to what a checkpoint is compared by: it does not go on with another augmentation', async () => {
    const { saved } = await run(drawn(train), { epochs: 1 });
    await expect(run(drawn(train, 0.5), { resume: saved[0]! })).rejects.toThrow('samples.hash');
  });
});
