import { decodeSafetensors, encodeSafetensors } from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  adam,
  adamw,
  type FitOptions,
  fit,
  huber,
  mae,
  mse,
  type ProgressEvent,
  rmsprop,
  sgd,
} from '../../src/index.ts';
import { sequenceSamples, smallModel, weightsOf } from '../helpers.ts';

setUpBackend();

const train = sequenceSamples(50, 1);
const validation = sequenceSamples(20, 2);
const base: FitOptions = {
  loss: mse(),
  optimizer: adam({ learningRate: 0.02 }),
  epochs: 6,
  batchSize: 16,
  seed: 5,
  validation,
  schedule: { type: 'warmup', steps: 10, after: { type: 'cosine' } },
  clip: { norm: 0.5 },
};

/** Trains from scratch or from a checkpoint, into a model whose first weights must not matter when resuming. */
async function run(options: Partial<FitOptions>, seed = 7) {
  const model = smallModel(seed);
  const saved: Uint8Array[] = [];
  const losses: number[] = [];
  try {
    const history = await fit(model, train, {
      ...base,
      checkpoint: { write: (bytes) => void saved.push(bytes.slice()) },
      onProgress: (event) => void (event.kind === 'batch' && losses.push(event.loss)),
      ...options,
    }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
    return { history, weights: weightsOf(model), saved, losses };
  } finally {
    model.dispose();
  }
}

const runs: [string, Partial<FitOptions>][] = [
  ['adam, warm-up and cosine', {}],
  [
    'sgd with momentum, plateau',
    {
      optimizer: sgd({ learningRate: 0.1, momentum: 0.9 }),
      schedule: { type: 'plateau', factor: 0.5, patience: 1 },
    },
  ],
  ['rmsprop with momentum', { optimizer: rmsprop({ momentum: 0.5 }), loss: mae() }],
  [
    'adamw, early stopping',
    { optimizer: adamw({ learningRate: 0.2 }), loss: huber(), earlyStopping: { patience: 2 } },
  ],
];

describe.each(runs)('a resumed run: %s', (_, options) => {
  it('equals the uninterrupted one bit for bit from every epoch', async () => {
    const whole = await run(options);
    for (const [i, bytes] of whole.saved.entries()) {
      const rest = await run({ ...options, resume: bytes }, 99);
      expect(rest.history).toEqual(whole.history);
      expect(rest.weights).toEqual(whole.weights);
      expect(rest.losses).toEqual(whole.losses.slice(4 * (i + 1)));
      expect(rest.saved.at(-1) ?? bytes).toEqual(whole.saved.at(-1));
    }
  });

  it('equals it from an abort in the middle of an epoch', async () => {
    const whole = await run(options);
    for (const stop of [1, 6, 8, 11]) {
      const controller = new AbortController();
      let batches = 0;
      const onProgress = (event: ProgressEvent) => {
        if (event.kind === 'batch' && ++batches === stop) controller.abort();
      };
      const part = await run({ ...options, signal: controller.signal, onProgress });
      expect(part.history).toBeUndefined();
      const rest = await run({ ...options, resume: part.saved.at(-1)! }, 99);
      expect(rest.history).toEqual(whole.history);
      expect(rest.weights).toEqual(whole.weights);
      expect(rest.losses).toEqual(whole.losses.slice(stop));
    }
  });
});

describe('checkpoints', () => {
  it('are written every so many epochs and at the end', async () => {
    expect((await run({ checkpoint: undefined })).saved).toHaveLength(0);
    const epochs: number[] = [];
    const write = (bytes: Uint8Array) => {
      epochs.push(JSON.parse(decodeSafetensors(bytes).metadata.progress!).epochs.length);
    };
    await run({ checkpoint: { every: 4, write } });
    expect(epochs).toEqual([4, 6]);
  });

  it('can go on for more epochs than were asked for, where the schedule allows', async () => {
    const schedule = { type: 'exponential', factor: 0.9 } as const;
    const short = await run({ schedule, epochs: 3 });
    const longer = await run({ schedule, epochs: 6, resume: short.saved.at(-1)! }, 99);
    const whole = await run({ schedule, epochs: 6 });
    expect(longer.history).toEqual(whole.history);
    expect(longer.weights).toEqual(whole.weights);
  });

  it('of a run under other options, samples or another model are refused with the reason', async () => {
    const { saved } = await run({ epochs: 1 });
    const resume = saved[0]!;
    const refused = (options: Partial<FitOptions>, message: string) =>
      expect(run({ epochs: 1, resume, ...options })).rejects.toThrow(message);
    await refused({ batchSize: 8 }, 'checkpoint: it is from another run: batchSize was 16, is 8.');
    await refused({ seed: 6 }, 'seed was 5, is 6');
    await refused({ optimizer: sgd({ learningRate: 0.02 }) }, "optimizer.type was 'adam', is 'sgd'");
    await refused({ optimizer: adam({ learningRate: 0.03 }) }, 'optimizer.learningRate was 0.02, is 0.03');
    await refused({ loss: mae() }, "loss.type was 'mse', is 'mae'");
    await refused({ clip: undefined }, 'clip.norm was 0.5, is undefined');
    await refused({ epochs: 2 }, 'schedule.after.epochs was 1, is 2');
    await refused({ validation: sequenceSamples(20, 3) }, 'validation.hash was');
    await refused({ validation: undefined }, 'is null. Resume with the same samples');
    const model = smallModel();
    const before = weightsOf(model);
    await expect(fit(model, sequenceSamples(51, 1), { ...base, epochs: 1, resume })).rejects.toThrow(
      'samples.count was 50, is 51',
    );
    expect(weightsOf(model)).toEqual(before);
    model.dispose();
  });

  it('that are damaged are refused by an Error with a message, never by a TypeError or RangeError', async () => {
    const { saved } = await run({ epochs: 2, earlyStopping: { patience: 3 } });
    const whole = saved.at(-1)!;
    const model = smallModel();
    const resume = async (bytes: Uint8Array) => {
      await fit(model, train, { ...base, epochs: 2, earlyStopping: { patience: 3 }, resume: bytes });
    };
    const damage = (edit: (file: ReturnType<typeof decodeSafetensors>) => unknown) => {
      const file = decodeSafetensors(whole);
      edit(file);
      return encodeSafetensors(file.tensors, file.metadata);
    };
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(0), 'safetensors'],
      [
        damage((file) => Object.assign(file.metadata, { format: 'x' })),
        "format must be 'tidecast-checkpoint-1', got 'x'",
      ],
      [damage((file) => Object.assign(file.metadata, { progress: '{' })), 'checkpoint: progress is not JSON'],
      [
        damage((file) => Object.assign(file.metadata, { progress: 'null' })),
        'checkpoint: progress must be an object, got null',
      ],
      [
        damage((file) => Object.assign(file.metadata, { config: '[]' })),
        'checkpoint: config must be an object',
      ],
      [
        damage((file) => void delete file.tensors['weights/2.dense.bias']),
        'expected 2 values of weights/2.dense.bias, got none',
      ],
      [damage((file) => void delete file.tensors['best/2.dense.bias']), 'of best/2.dense.bias, got none'],
      [
        damage((file) => file.tensors['slots/mean/2.dense.bias']!.data.fill(Number.NaN)),
        'slots/mean/2.dense.bias is not finite',
      ],
    ];
    for (const [bytes, message] of cases) await expect(resume(bytes)).rejects.toThrow(message);
    const progress = JSON.parse(decodeSafetensors(whole).metadata.progress!) as Record<string, unknown>;
    const tooFar = JSON.stringify({ ...progress, batch: 5 });
    await expect(
      resume(damage((file) => Object.assign(file.metadata, { progress: tooFar }))),
    ).rejects.toThrow('checkpoint: batch must be a whole number at least 0 and at most 4, got 5.');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(progress)), fc.jsonValue(), async (key, value) => {
        const text = JSON.stringify({ ...progress, [key]: value });
        const bytes = damage((file) => Object.assign(file.metadata, { progress: text }));
        const error = await resume(bytes).catch((e: unknown) => e);
        if (error !== undefined) {
          expect((error as Error).constructor).toBe(Error);
          expect((error as Error).message).toMatch(/^checkpoint: /);
        }
      }),
      { numRuns: 60 },
    );
    model.dispose();
  });

  it('whose writing fails end the run with that error', async () => {
    const write = () => Promise.reject(new Error('disk full'));
    await expect(run({ checkpoint: { write } })).rejects.toThrow('disk full');
  });
});
