// A network trained on picture files: as on the same pictures in memory, and bad files are found before.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, type SampleSource } from '@tidecast/data';
import { cnn2d, createModel, dense, flatten, network } from '@tidecast/models';
import { adam, crossEntropy, evaluate, fit } from '@tidecast/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  checkImages,
  encodePng,
  type ImageItem,
  imageAt,
  imageSamples,
  type LabelledImages,
  mixup,
} from '../../src/index.ts';
import { readImage } from '../../src/node.ts';

setUpBackend();

/** Bars that lie or stand, in noise. */
function bars(count: number, seed: number): LabelledImages {
  const random = createRandom(seed, 'bars');
  const data = Uint8Array.from({ length: count * 64 }, () => random.integer(120));
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  for (let i = 0; i < count; i++) {
    const at = random.integer(8);
    for (let k = 0; k < 8; k++) data[64 * i + (labels[i] ? 8 * k + at : 8 * at + k)] = 200;
  }
  return { count, height: 8, width: 8, channels: 1, data, labels, classes: ['lying', 'standing'] };
}

const stored = bars(96, 1);
const items: ImageItem[] = [];
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidecast-samples-'));
  for (let i = 0; i < stored.count; i++) {
    const path = join(folder, `${i}.png`);
    await writeFile(path, encodePng(imageAt(stored, i)));
    items.push({ path, label: stored.labels[i]! });
  }
});
afterAll(() => rm(folder, { recursive: true }));

const options = { input: [8, 8, 1] as const, augmentation: [{ type: 'flip' } as const] };

async function train(samples: SampleSource, prefetch: number) {
  const layers = [
    cnn2d({ filters: 4, kernelSize: [3, 3], activation: 'relu' }),
    flatten(),
    dense({ units: 2 }),
  ];
  const model = createModel(network({ input: [8, 8, 1], layers }), { seed: 1 });
  try {
    const history = await fit(model, samples, {
      loss: crossEntropy(),
      optimizer: adam({ learningRate: 0.01 }),
      epochs: 15,
      batchSize: 16,
      seed: 1,
      prefetch,
    });
    const fresh = imageSamples(bars(64, 2), options);
    return { history, loss: await evaluate(model, fresh, { loss: crossEntropy() }) };
  } finally {
    model.dispose();
  }
}

describe('training on picture files', () => {
  it('equals training on the same pictures in memory, and learns', async () => {
    const list = { items, classes: stored.classes };
    const files = imageSamples(list, { ...options, decode: readImage });
    const fromMemory = await train(mixup(imageSamples(stored, options), { alpha: 0.2 }), 2);
    expect(await train(mixup(files, { alpha: 0.2 }), 3)).toEqual(fromMemory);
    expect(fromMemory.loss).toBeLessThan(0.35);
  });

  it('stops with the name of a damaged file, which checkImages finds before', async () => {
    const bad = join(folder, 'bad.png');
    const bytes = encodePng(imageAt(stored, 0));
    await writeFile(bad, bytes.subarray(0, bytes.length - 20));
    const [first, ...rest] = items;
    const list = { items: [first!, { path: bad, label: 0 }, ...rest], classes: stored.classes };
    const training = train(imageSamples(list, { ...options, decode: readImage }), 2);
    await expect(training).rejects.toThrow(`${bad}: image: it cannot be decoded`);
    const { list: good, refused } = await checkImages(list, { decode: readImage });
    expect(good).toEqual({ items, classes: stored.classes });
    expect(refused).toEqual([
      { item: { path: bad, label: 0 }, reason: expect.stringContaining('cannot be decoded') },
    ]);
  });

  it('checkImages passes on what is no fault of a picture, and stops when told', async () => {
    const gone = { items: [{ path: join(folder, 'gone.png'), label: 0 }], classes: ['a'] };
    await expect(checkImages(gone, { decode: readImage })).rejects.toThrow('ENOENT');
    const list = { items, classes: stored.classes };
    await expect(checkImages(list, { decode: readImage, signal: AbortSignal.abort() })).rejects.toThrow(
      'abort',
    );
  });

  it('readImage refuses a file of more bytes than allowed', async () => {
    await expect(readImage(items[0]!.path, { maxBytes: 20 })).rejects.toThrow(
      `${items[0]!.path}: image: a file may have at most 20 bytes, got`,
    );
  });
});
