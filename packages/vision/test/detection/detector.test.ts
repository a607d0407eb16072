import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { createPlan, currentKernels } from '@tidecast/backend';
import { encodeSafetensors } from '@tidecast/data';
import { batchNorm, cnn2d, createModel, dense, dropout, flatten, maxPool2d, network } from '@tidecast/models';
import { adam, fit, sgd } from '@tidecast/train';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import { relativeError } from '../../../models/test/values.ts';
import { detectionLoss } from '../../src/detection/detection-loss.ts';
import { propose } from '../../src/detection/propose.ts';
import {
  createDetector,
  type Detector,
  type DetectorSettings,
  detect,
  detectorTraining,
  encodeBox,
  generateScene,
  loadDetector,
  meanAveragePrecision,
  SCENE_CLASSES,
  saveDetector,
} from '../../src/index.ts';

interface GoldenLoss {
  batch: number;
  anchors: number;
  regions: number;
  classes: number;
  output: number[];
  y: number[];
  weight: number[];
  loss: number;
  gradient: number[];
}

const golden: { source: string; loss: GoldenLoss[] } = JSON.parse(
  readFileSync(new URL('./golden/golden.json', import.meta.url), 'utf8'),
);

setUpBackend();

const small: DetectorSettings = {
  classes: SCENE_CLASSES,
  input: [32, 32, 3],
  backbone: [
    cnn2d({ filters: 6, kernelSize: 4, stride: 4, padding: 'same' }),
    batchNorm(),
    cnn2d({ filters: 8, kernelSize: 4, stride: 2, padding: 'same' }),
  ],
  proposalFilters: 8,
  regionSize: 3,
  head: [flatten(), dropout({ rate: 0.3 }), dense({ units: 12, activation: 'relu' })],
};
const scale = [0.3, 0.6] as const;
const scenes = [1, 2, 3, 4].map((seed) => generateScene({ seed, size: 32, count: 3, scale }));
/** All values of a detector: weights, and the statistics of its backbone. */
const valuesOf = ({ weights, backbone }: Pick<Detector, 'weights' | 'backbone'>) =>
  Object.fromEntries([
    ...Object.entries(weights).map(([name, each]) => [name, each.dataSync().slice()]),
    ...Object.entries(backbone.statistics ?? {}).map(([name, each]) => [
      `backbone.${name}`,
      each.dataSync().slice(),
    ]),
  ]) as Record<string, Float32Array>;

describe(`the loss of a detector as in ${golden.source}, relative error ≤ 1e-6`, () => {
  const layoutOf = ({ anchors, regions, classes }: GoldenLoss) => ({
    ...{ anchors, regions, classes, pixels: 0, input: 0 },
    output: 5 * anchors + (classes + 5) * regions,
    targets: 5 * (anchors + regions),
  });

  it.each(golden.loss)('on the tape, $classes classes', (one) => {
    const layout = layoutOf(one);
    const { value, gradient } = tf.tidy(() => {
      const [y, weight] = [one.y, one.weight].map((each) => tf.tensor2d(each, [one.batch, layout.targets]));
      const output = tf.tensor2d(one.output, [one.batch, layout.output]);
      const measured = tf.valueAndGrad((o: tf.Tensor) => detectionLoss(layout).apply(o, y!, weight))(output);
      return { value: measured.value.dataSync()[0]!, gradient: measured.grad.dataSync() };
    });
    expect(value).toBeCloseTo(one.loss, 5);
    expect(relativeError(gradient, one.gradient)).toBeLessThanOrEqual(1e-6);
  });

  it.skipIf(testBackend !== 'wasm').each(golden.loss)('in a plan, $classes classes', (one) => {
    const layout = layoutOf(one);
    const plan = createPlan(currentKernels()!, { batch: one.batch, training: true });
    const output = plan.signal([layout.output]);
    const [y, weight] = [0, 0].map(() => plan.block(one.batch * layout.targets));
    const measure = detectionLoss(layout).plan(plan, output, { y: y!, weight, shape: [layout.targets] });
    const laid = plan.lay();
    laid.view(output.gradient!).fill(Number.NaN);
    laid.view(output.value).set(one.output);
    laid.view(y!).set(one.y);
    laid.view(weight!).set(one.weight);
    expect(measure({ batch: one.batch, seed: 0 })).toBeCloseTo(one.loss, 5);
    expect(relativeError(laid.view(output.gradient!), one.gradient)).toBeLessThanOrEqual(1e-6);
    laid.dispose();
  });
});

describe('detectorTraining', () => {
  it.skipIf(testBackend !== 'wasm').each([[[]], [['backbone']]])(
    'a planned update is that of the tape, without %j',
    async (freeze: string[]) => {
      const after: Record<string, Record<string, ArrayLike<number>>> = {};
      for (const path of ['planned', 'tape']) {
        const detector = createDetector(small, { seed: 3 });
        const { model, samples, loss } = detectorTraining(detector, scenes, { regions: 6 });
        const before = valuesOf(detector);
        let taken = '';
        await fit(path === 'tape' ? { ...model, plan: undefined } : model, samples, {
          ...{ loss, optimizer: sgd({ learningRate: 0.1 }), epochs: 2, batchSize: 3, seed: 1, freeze },
          onProgress: (event) => {
            if (event.kind === 'start') taken = event.path;
          },
        });
        expect(taken).toBe(path);
        after[path] = valuesOf(detector);
        for (const [name, values] of Object.entries(before)) {
          const moved = relativeError(after[path]![name]!, values) > 1e-4;
          expect(moved, name).toBe(!freeze.some((part) => name.startsWith(part)));
        }
        detector.dispose();
      }
      for (const [name, values] of Object.entries(after.planned!)) {
        expect(relativeError(values, after.tape![name]!), name).toBeLessThan(2e-5);
      }
    },
  );

  it('samples follow the draw: the same one gives the same batch, another epoch another one', () => {
    const detector = createDetector(small, { seed: 3 });
    const { samples } = detectorTraining(detector, scenes, { transforms: [{ type: 'flip' }] });
    const draw = { seed: 1, epoch: 1, position: 0 };
    const first = samples.batch([0, 1, 2], draw);
    expect(samples.batch([0, 1, 2], draw)).toEqual(first);
    expect(samples.batch([0, 1, 2], { ...draw, epoch: 2 })).not.toEqual(first);
    expect(samples.batch([0, 1, 2], { ...draw, seed: 2 })).not.toEqual(first);
    expect(() => samples.batch([4])).toThrow('index 4 is out of range, there are 4 pictures');
    detector.dispose();
  });

  it('targets are the boxes: decoded they are those of the scene, and an ignored one is never asked for', () => {
    const detector = createDetector(small, { seed: 3 });
    const scene = scenes.find(({ boxes }) => boxes.length === 3)!;
    const ignore = [true, false, false];
    const { samples } = detectorTraining(detector, [{ ...scene, ignore }], { regions: 8 });
    const { y, weight } = samples.batch([0]);
    const asked = scene.boxes.slice(1);
    let positive = 0;
    detector.anchors.forEach((anchor, i) => {
      if (weight!.data[5 * i + 1] === 0) return;
      positive++;
      expect(y.data[5 * i]).toBe(1);
      const code = Array.from(y.data.subarray(5 * i + 1, 5 * i + 5));
      const distances = asked.map((box) => relativeError(code, encodeBox(box, anchor)));
      expect(Math.min(...distances)).toBeLessThan(1e-5);
    });
    expect(positive).toBeGreaterThanOrEqual(1);
    const kinds = Array.from({ length: 8 }, (_, r) => y.data[5 * (detector.anchors.length + r)]!);
    // Both boxes are among the regions, and each knows its class.
    for (const label of scene.labels.slice(1)) {
      expect(kinds).toContain(1 + SCENE_CLASSES.indexOf(label as 'boat'));
    }
    detector.dispose();
  });

  it('finds what it was trained on, and comes back from bytes bit for bit', async () => {
    const detector = createDetector(
      {
        ...{
          classes: SCENE_CLASSES,
          input: [32, 32, 3],
          regionSize: 3,
          proposalFilters: 16,
          anchorSizes: [8, 14],
        },
        backbone: [4, 2].map((stride) =>
          cnn2d({ filters: 16, kernelSize: 4, stride, padding: 'same', kernelInit: 'heUniform' }),
        ),
        head: [flatten(), dense({ units: 24, activation: 'relu' })],
      },
      { seed: 3 },
    );
    const { model, samples, loss } = detectorTraining(detector, scenes);
    const { epochs } = await fit(model, samples, {
      ...{ loss, optimizer: adam({ learningRate: 0.003 }), epochs: 150, batchSize: 4, seed: 1 },
    });
    expect(epochs.at(-1)!.loss).toBeLessThan(0.2 * epochs[0]!.loss);
    const truths = scenes.flatMap(({ boxes, labels }, image) =>
      boxes.map((box, i) => ({ image, box, label: labels[i]! })),
    );
    const found = scenes.flatMap(({ image }, name) => detect(detector, image, { name }));
    expect(meanAveragePrecision(truths, found).at50).toBeGreaterThan(0.9);

    const bytes = saveDetector(detector);
    const again = loadDetector(bytes);
    expect(valuesOf(again)).toEqual(valuesOf(detector));
    expect(again.config).toEqual(detector.config);
    expect(detect(again, scenes[0]!.image)).toEqual(detect(detector, scenes[0]!.image));

    // At twice the size the boxes are twice as large.
    const { image, boxes } = scenes[0]!;
    const large = generateScene({ seed: 1, size: 64, count: 3, scale });
    const doubled = detect(detector, large.image, { maxDetections: 3 });
    expect(doubled.length).toBeGreaterThan(0);
    expect(Math.max(...doubled.map(({ box }) => box[2]))).toBeGreaterThan(
      Math.max(...boxes.map((box) => box[2])),
    );
    const surest = detect(detector, image, { minScore: 0.5, maxDetections: 2 });
    expect(surest.length).toBeLessThanOrEqual(2);
    expect(surest.every(({ score }) => score >= 0.5 && score <= 1)).toBe(true);
    again.dispose();
    detector.dispose();
  });

  it('refuses annotations that do not fit', () => {
    const detector = createDetector(small);
    const [scene] = scenes;
    const { boxes } = scene!;
    const wrong = (change: object) => () => detectorTraining(detector, [{ ...scene!, ...change }]);
    expect(wrong({ labels: ['boat'] })).toThrow(`got 1 labels for ${boxes.length} boxes`);
    expect(wrong({ labels: boxes.map(() => 'whale') })).toThrow(
      "among boat, buoy, bird, got 'whale' in picture 0",
    );
    expect(wrong({ boxes: boxes.map(() => [5, 5, 5, 9]) })).toThrow(
      'boxes must have an area, got [5, 5, 5, 9]',
    );
    expect(() => detectorTraining(detector, scenes, { regions: 1 })).toThrow(
      'regions must be a whole number from 2',
    );
    detector.dispose();
  });
});

describe('createDetector', () => {
  it('the same seed gives the same weights, and its config the same detector', () => {
    const [a, b, c] = [
      createDetector(small, { seed: 1 }),
      createDetector(small, { seed: 1 }),
      createDetector(small, { seed: 2 }),
    ];
    expect(valuesOf(b!)).toEqual(valuesOf(a!));
    expect(valuesOf(c!)).not.toEqual(valuesOf(a!));
    const again = createDetector(JSON.parse(JSON.stringify(a!.config)), { seed: 1 });
    expect(again.config).toEqual(a!.config);
    expect(valuesOf(again)).toEqual(valuesOf(a!));
    for (const each of [a!, b!, c!, again]) each.dispose();
  });

  it('goes on from a trained backbone', () => {
    const { backbone, ...settings } = small;
    const model = createModel(network({ input: small.input, layers: backbone! }), { seed: 77 });
    const kernel = model.weights['0.cnn2d.kernel']!.dataSync();
    const detector = createDetector(settings, { backbone: model });
    expect(detector.weights['backbone.0.cnn2d.kernel']!.dataSync()).toEqual(kernel);
    expect(detector.config.backbone).toHaveLength(3);
    expect(() => createDetector(small, { backbone: model })).toThrow('as layers or as a model, got both');
    expect(() => createDetector({ ...settings, input: [64, 64, 3] }, { backbone: model })).toThrow(
      'it takes [32, 32, 3]',
    );
    detector.dispose();
  });

  it('refuses configs that are not sound, before any tensor is made', () => {
    const wrong = (change: object) => () => createDetector({ ...small, ...change } as DetectorSettings);
    expect(wrong({ classes: [] })).toThrow('classes must be 1 to 10000 different names');
    expect(wrong({ classes: ['a', 'a'] })).toThrow('different names');
    expect(wrong({ input: [32, 32] })).toThrow('input must be [height, width, channels]');
    expect(wrong({ backbone: [flatten()] })).toThrow('must end in a feature map [h, w, F], got [3072]');
    expect(wrong({ backbone: [maxPool2d({ poolSize: [2, 4] })] })).toThrow('cells as high as wide');
    expect(wrong({ anchorSizes: [8, -1] })).toThrow('anchorSizes must be some positive numbers');
    expect(wrong({ normalise: { mean: [0, 0, 0], std: [1, 0, 1] } })).toThrow(
      'normalise.std must be 3 positive numbers',
    );
    expect(wrong({ regionSize: 1.5 })).toThrow('regionSize must be a whole number from 1 to 64');
    expect(wrong({ head: 7 })).toThrow('head must be a list of layers');
    expect(
      wrong({
        anchorSizes: Array(100).fill(4),
        anchorRatios: Array(100).fill(1),
        backbone: [cnn2d({ filters: 1, padding: 'same' })],
      }),
    ).toThrow('at most 262144 anchors');
  });
});

describe('loadDetector', () => {
  it('refuses bytes that are damaged, foreign or do not fit', () => {
    const detector = createDetector(small);
    const bytes = saveDetector(detector);
    detector.dispose();
    expect(() => loadDetector(bytes.subarray(0, bytes.length - 4))).toThrow('not a whole safetensors file');
    expect(() => loadDetector(encodeSafetensors({}))).toThrow("got format 'none'");
    const text = new TextDecoder('latin1').decode(bytes);
    const changed = (from: string, to: string) =>
      Uint8Array.from(text.replace(from, to), (character) => character.charCodeAt(0));
    expect(() => loadDetector(changed('"version":"1"', '"version":"9"'))).toThrow("version '9'");
    expect(() => loadDetector(changed('"backbone.0.cnn2d.kernel"', '"backpack.0.cnn2d.kernel"'))).toThrow(
      "got 'backpack.0.cnn2d.kernel'",
    );
    expect(() => loadDetector(changed('\\"regionSize\\":3', '\\"regionSize\\":4'))).toThrow(
      'the head in this file is another network',
    );
  });
});

describe('propose', () => {
  it('decodes, cuts at the rim, drops overlaps, and gives likelier ones first', () => {
    const anchors = [
      [0, 0, 10, 10],
      [1, 0, 11, 10],
      [20, 20, 30, 30],
      [5, 5, 6, 6],
    ] as const;
    const config = { input: [32, 32, 3] } as unknown as Detector['config'];
    const row = (logit: number, code = [0, 0, 0, 0]) => [logit, ...code];
    const data = Float32Array.from([row(1), row(2), row(3, [0.5, 0, 0, 0]), row(9)].flat());
    const [boxes] = propose({ anchors, config }, { data, shape: [1, 4, 1, 5] });
    expect(boxes).toEqual([
      [25, 20, 32, 30],
      [1, 0, 11, 10],
    ]);
    expect(
      propose({ anchors, config }, { data, shape: [1, 4, 1, 5] }, { maxIou: 1, proposals: 2 })[0],
    ).toHaveLength(2);
  });
});
