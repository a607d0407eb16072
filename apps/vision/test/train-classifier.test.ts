import { createImage } from '@tidecast/vision';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import { trainClassifier } from '../src/index.ts';

describe('trainClassifier', () => {
  setUpBackend();

  it.each([
    [{ network: 'vgg' }, "network must be one of cnn, resnet, mobilenet, mlp, got 'vgg'"],
    [{ balance: 'some' }, "balance must be one of none, resample, weights, got 'some'"],
    [
      { augmentation: ['flip', 'spin'] },
      "augmentation must be one of crop, flip, affine, colour, cutout, got 'spin'",
    ],
  ])('refuses %j', async (options, sentence) => {
    const training = trainClassifier({ items: [], classes: [] }, options as never, {
      decode: () => createImage({ height: 8, width: 8, channels: 1, data: new Uint8Array(64) }),
    });
    await expect(training).rejects.toThrow(sentence);
  });

  it.each(['looking at', 'explaining'])('stops while it is %s pictures', async (stage) => {
    const items = Array.from({ length: 40 }, (_, i) => ({ path: `${i}`, label: i % 2 }));
    const controller = new AbortController();
    let [stopping, decoded] = [false, 0];
    const decode = (path: string) => {
      if (stopping) decoded++;
      if (stopping) controller.abort(new Error('enough'));
      const data = new Uint8Array(64).fill(Number(path) * 6);
      return createImage({ height: 8, width: 8, channels: 1, data });
    };
    const training = trainClassifier(
      { items, classes: ['a', 'b'] },
      { epochs: 1, augmentation: [], network: 'mlp' },
      {
        decode,
        signal: controller.signal,
        onStage(text) {
          stopping ||= text.startsWith(stage);
        },
      },
    );
    await expect(training).rejects.toThrow('enough');
    expect(decoded).toBe(1);
  });
});
