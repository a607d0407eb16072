import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@tidecast/data';
import { summarize } from '@tidecast/models';
import type { LabelledImages } from '@tidecast/vision';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../test/backend.ts';
import { digitSamples } from '../src/mnist-data.ts';
import { readDigitFiles, writeDigits } from '../src/mnist-files.ts';
import { mnistNetwork, trainMnist } from '../src/mnist-training.ts';

setUpBackend();

/** Pictures of the size of digits whose class is the row of a bright bar. */
function bars(count: number, seed: number): LabelledImages {
  const random = createRandom(seed, 'bars');
  const data = new Uint8Array(count * 784);
  const labels = Uint8Array.from({ length: count }, () => random.integer(10));
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < 784; i++) {
      const lit = Math.floor(i / 28) - 2 * labels[n]! - 4;
      data[n * 784 + i] = (lit === 0 || lit === 1 ? 200 : 0) + random.integer(50);
    }
  }
  return { count, height: 28, width: 28, channels: 1, data, labels, classes: [...'0123456789'] };
}

const settings = { epochs: 2, seed: 1, batchSize: 20, learningRate: 0.02, dropout: 0.2 };

describe('trainMnist', () => {
  it.each([
    ['cnn', 124_670],
    ['mlp', 101_770],
  ] as const)('trains the %s of %i weights by planned steps', async (model, parameters) => {
    expect(summarize(mnistNetwork({ model, dropout: 0.2 })).parameters).toBe(parameters);
    const paths: string[] = [];
    const { accuracy, epochSeconds } = await trainMnist(
      digitSamples(bars(200, 1)),
      digitSamples(bars(50, 2)),
      {
        ...{ ...settings, model },
        onProgress: (event) => event.kind === 'start' && paths.push(event.path),
      },
    );
    expect(paths).toEqual(['planned']);
    expect(epochSeconds).toHaveLength(2);
    expect(accuracy).toBeGreaterThan(0.5);
  });
});

describe('digits in files', () => {
  it('come back as they were', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidecast-digits-'));
    try {
      const [train, test] = [digitSamples(bars(7, 1)), digitSamples(bars(3, 2))];
      writeDigits(folder, { train, test });
      const again = readDigitFiles(folder);
      expect(again.train.batch([6, 0])).toEqual(train.batch([6, 0]));
      expect(again.test.count).toBe(3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
