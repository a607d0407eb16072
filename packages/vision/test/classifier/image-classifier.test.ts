import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors, encodeSafetensors } from '@tidecast/data';
import { createModel, dense, flatten, loadModel, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  classify,
  cnnClassifier,
  createImage,
  createImageClassifier,
  type Image,
  type ImageClassifierParts,
  loadImageClassifier,
  saveImageClassifier,
} from '../../src/index.ts';

const noise = (height: number, width: number, channels: Image['channels'], seed = 1) =>
  createImage({
    ...{ height, width, channels },
    data: Uint8Array.from({ length: height * width * channels }, (_, i) => (i * 37 + seed * 101) % 256),
  });
const threeClasses = () =>
  createModel(cnnClassifier({ input: [12, 10, 3], classes: 3, filters: [4], units: [8] }), { seed: 2 });
const make = ({ model, ...parts }: Partial<ImageClassifierParts> = {}) =>
  createImageClassifier({
    model: model ?? threeClasses(),
    classes: ['boat', 'buoy', 'gull'],
    normalise: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] },
    ...parts,
  });
const using = <T>(classifier: ReturnType<typeof make>, work: (c: typeof classifier) => Promise<T>) =>
  work(classifier).finally(() => classifier.model.dispose());

describe('imageClassifier', () => {
  setUpBackend();

  it('gives probabilities of pictures of any size and any channels', () =>
    using(make(), async (classifier) => {
      const images = [noise(12, 10, 3), noise(40, 33, 4, 2), noise(5, 7, 1, 3)];
      const { data, shape } = await classify(classifier, images);
      expect(shape).toEqual([3, 3]);
      for (let i = 0; i < 3; i++) {
        expect(data[3 * i]! + data[3 * i + 1]! + data[3 * i + 2]!).toBeCloseTo(1, 6);
      }
      const single = await classify(classifier, [images[1]!], { batchSize: 1 });
      single.data.forEach((value, k) => {
        expect(value).toBeCloseTo(data[3 + k]!, 6);
      });
    }));

  it('normalises as training does: (v / 255 − mean) / std', async () => {
    const model = createModel(network({ input: [1, 1, 1], layers: [flatten(), dense({ units: 1 })] }), {
      seed: 1,
    });
    tf.tidy(() => model.weights['1.dense.kernel']!.assign(tf.tensor2d([[2]])));
    await using(
      make({
        model,
        classes: ['lit'],
        head: 'labels',
        normalise: { mean: [0.2], std: [0.5] },
        temperature: 4,
      }),
      async (classifier) => {
        const { data } = await classify(classifier, [noise(1, 1, 1, 1)]);
        const logit = (2 * (101 / 255 - 0.2)) / 0.5;
        expect(data[0]).toBeCloseTo(1 / (1 + Math.exp(-logit / 4)), 6);
      },
    );
  });

  it('is less sure at a higher temperature, of the same class', () =>
    using(make(), async (classifier) => {
      const image = [noise(12, 10, 3)];
      const { data: sharp } = await classify(classifier, image);
      const { data: soft } = await classify({ ...classifier, temperature: 10 }, image);
      expect(Math.max(...soft)).toBeLessThan(Math.max(...sharp));
      expect(soft.indexOf(Math.max(...soft))).toBe(sharp.indexOf(Math.max(...sharp)));
    }));

  it('comes back from its bytes, which are a model file too, and says the same bit for bit', () =>
    using(make({ temperature: 1.7, provenance: { seed: 2, accuracy: 0.5 } }), async (classifier) => {
      const bytes = saveImageClassifier(classifier);
      await using(loadImageClassifier(bytes), async (loaded) => {
        const { model: _, ...rest } = classifier;
        expect(loaded).toMatchObject(rest);
        const images = [noise(12, 10, 3), noise(9, 9, 1, 5)];
        expect((await classify(loaded, images)).data).toEqual((await classify(classifier, images)).data);
      });
      loadModel(bytes).dispose();
    }));

  it.each([
    ['no entry', undefined, 'holds no classifier'],
    ['no JSON', '{', 'not a JSON object'],
    ['another version', { version: 9 }, 'version must be 1, got 9'],
    ['too few classes', { classes: ['a', 'b'] }, 'must give 2 logits'],
    ['classes that are no names', { classes: [1, 2, 3] }, 'classes must be a list of names'],
    ['two classes of one name', { classes: ['a', 'a', 'b'] }, 'must have different names'],
    ['a head that is none', { head: 'x' }, "head must be 'label' or 'labels'"],
    ['a temperature of 0', { temperature: 0 }, 'temperature must be greater than 0'],
    ['a temperature that is no number', { temperature: 'hot' }, 'temperature must be a number'],
    ['one mean for three channels', { normalise: { mean: [0], std: [1] } }, 'normalise must have 3'],
    ['a normalisation that is none', { normalise: 3 }, 'normalise must be a mean and a std'],
    ['no provenance', { provenance: [] }, 'provenance must be an object'],
  ])('refuses bytes with %s', async (_, change, message) => {
    const bytes = await using(make(), async (classifier) => saveImageClassifier(classifier));
    const { tensors, metadata } = decodeSafetensors(bytes);
    const { imageClassifier: entry, ...others } = metadata;
    const changed =
      typeof change === 'string' ? change : JSON.stringify({ ...JSON.parse(entry!), ...change });
    const file = encodeSafetensors(
      tensors,
      change === undefined ? others : { ...others, imageClassifier: changed },
    );
    expect(() => loadImageClassifier(file)).toThrow(message);
  });

  it.each([
    [
      'a network for sequences',
      { input: [4, 3], layers: [flatten(), dense({ units: 3 })] },
      'must take pictures [height',
    ],
    ['two channels', { input: [4, 4, 2], layers: [flatten(), dense({ units: 3 })] }, '1, 3 or 4 channels'],
  ])('refuses %s', (_, config, message) => {
    const model = createModel(network(config as never), { seed: 1 });
    expect(() => make({ model, normalise: undefined })).toThrow(message);
    model.dispose();
  });
});
