// A detector as plain data, and its checks: a config may come out of a file.

import {
  cnn2d,
  dense,
  flatten,
  type LayerConfig,
  type ModelConfig,
  network,
  resolveModel,
} from '@tidecast/models';
import type { ImageInput } from '../networks/image-input.ts';
import type { Normalisation } from '../samples/image-pixels.ts';

/** What a detector is made from. */
export interface DetectorSettings {
  /** Names of what it is to find. */
  classes: readonly string[];
  /** Shape of the pictures it works on; others are resized to it. */
  input: ImageInput;
  /**
   * Layers from a picture to its feature map `[h, w, F]`, each cell as many pixels high as wide. Default: three
   * convolutions of stride 2 and one more, to 48 features a cell of 8 pixels.
   */
  backbone?: readonly LayerConfig[];
  /** What the backbone takes, by channel; default mean and std 0.5: values from −1 to 1. */
  normalise?: Normalisation;
  /** Square roots of the anchors' areas [pixels]; default 1.5, 3 and 5.5 cells. */
  anchorSizes?: readonly number[];
  /** Heights of anchors over their widths; default 0.5, 1, 2. */
  anchorRatios?: readonly number[];
  /** Filters of the convolution that proposes regions; default 48. */
  proposalFilters?: number;
  /** A region is cut out of the feature map as so many rows and columns; default 5. */
  regionSize?: number;
  /** Layers from a region `[regionSize, regionSize, F]` to flat features; default a dense one of 96 units. */
  head?: readonly LayerConfig[];
}

/** A detector as plain data, nothing left out. */
export type DetectorConfig = Required<DetectorSettings>;

/** A checked detector: what it is, and what follows from it. */
export interface ResolvedDetector {
  config: DetectorConfig;
  /** Shape of the feature map: rows, columns, features. */
  features: readonly [rows: number, columns: number, features: number];
  /** Pixels between two cells of it. */
  stride: number;
  /** Picture to feature map. */
  backbone: ModelConfig;
  /** Feature map to `[rows, columns, anchors · 5]`: of each anchor the logit of there being something, and the code of its box. */
  proposals: ModelConfig;
  /** Region to `[classes + 5]`: logits of nothing and of each class, and the code of the box. */
  head: ModelConfig;
}

const MAX_CLASSES = 10_000;
const MAX_SHAPES = 100;
const MAX_ANCHORS = 2 ** 18;

function defaultBackbone(): LayerConfig[] {
  // Even kernels keep every cell in the middle of the pixels it stands for.
  const halving = (filters: number) =>
    cnn2d({ filters, kernelSize: 4, stride: 2, padding: 'same', kernelInit: 'heUniform' });
  return [
    halving(16),
    halving(32),
    halving(48),
    cnn2d({ filters: 48, padding: 'same', kernelInit: 'heUniform' }),
  ];
}

/** The settings with their defaults, checked. @throws with the first fault. */
export function resolveDetector(settings: DetectorSettings): ResolvedDetector {
  if (typeof settings !== 'object' || settings === null) {
    throw new Error(`detector: config must be an object, got ${String(settings)}.`);
  }
  const { classes, input } = settings;
  const named = (name: unknown) => typeof name === 'string' && name.length > 0 && name.length <= 200;
  const sound = Array.isArray(classes) && classes.length <= MAX_CLASSES && classes.every(named);
  if (!sound || classes.length === 0 || new Set(classes).size < classes.length) {
    throw new Error(
      `detector: classes must be 1 to ${MAX_CLASSES} different names, got ${JSON.stringify(classes)?.slice(0, 200)}.`,
    );
  }
  if (!Array.isArray(input) || input.length !== 3 || ![1, 3, 4].includes(input[2])) {
    throw new Error(
      `detector: input must be [height, width, channels] with 1, 3 or 4 channels, got ${JSON.stringify(input)}.`,
    );
  }
  const backbone = network({ input, layers: settings.backbone ?? defaultBackbone() });
  const resolved = resolveModel(backbone);
  const features = featureMap(resolved.outputShape);
  const stride = input[0] / features[0];
  if (input[1] / features[1] !== stride || stride < 1) {
    throw new Error(
      `detector: the backbone must make cells as high as wide, got a feature map of [${features.join(', ')}] ` +
        `for pictures of [${input.join(', ')}]. Use input sizes that its strides divide.`,
    );
  }
  const half = Array.from({ length: input[2] }, () => 0.5);
  const {
    normalise = { mean: half, std: half },
    anchorSizes = [1.5, 3, 5.5].map((cells) => cells * stride),
    anchorRatios = [0.5, 1, 2],
    proposalFilters = 48,
    regionSize = 5,
    head = [flatten(), dense({ units: 96, activation: 'relu', kernelInit: 'heUniform' })],
  } = settings;
  checkNumbers('normalise.mean', normalise?.mean, { count: input[2] });
  checkNumbers('normalise.std', normalise?.std, { count: input[2], positive: true });
  checkNumbers('anchorSizes', anchorSizes, { positive: true });
  checkNumbers('anchorRatios', anchorRatios, { positive: true });
  if (!(Number.isInteger(regionSize) && regionSize >= 1 && regionSize <= 64)) {
    throw new Error(`detector: regionSize must be a whole number from 1 to 64, got ${regionSize}.`);
  }
  if (!Array.isArray(head)) throw new Error(`detector: head must be a list of layers, got ${String(head)}.`);
  const anchors = anchorSizes.length * anchorRatios.length;
  if (features[0] * features[1] * anchors > MAX_ANCHORS) {
    throw new Error(
      `detector: at most ${MAX_ANCHORS} anchors, got ${features[0]} × ${features[1]} × ${anchors}. ` +
        'Give the backbone larger strides.',
    );
  }
  const proposals = network({
    input: features,
    layers: [
      cnn2d({ filters: proposalFilters, padding: 'same', kernelInit: 'heUniform' }),
      cnn2d({ filters: anchors * 5, kernelSize: 1, activation: 'linear' }),
    ],
  });
  const ending = network({
    input: [regionSize, regionSize, features[2]],
    layers: [...head, dense({ units: classes.length + 5 })],
  });
  const resolvedHead = resolveModel(ending);
  if (resolvedHead.outputShape.length !== 1) {
    throw new Error('detector: the head must end in flat features [F]. Begin or end it with flatten().');
  }
  return {
    config: {
      ...{ classes: [...classes], input: [input[0], input[1], input[2]] as const },
      backbone: resolved.config.layers,
      normalise: { mean: [...normalise.mean], std: [...normalise.std] },
      ...{ anchorSizes: [...anchorSizes], anchorRatios: [...anchorRatios] },
      ...{ proposalFilters, regionSize, head: resolvedHead.config.layers.slice(0, -1) },
    },
    features,
    stride,
    backbone: resolved.config,
    proposals: resolveModel(proposals).config,
    head: resolvedHead.config,
  };
}

function featureMap(shape: readonly (number | null)[]): ResolvedDetector['features'] {
  const [rows, columns, features] = shape;
  if (shape.length === 3 && rows && columns && features) return [rows, columns, features];
  throw new Error(
    `detector: the backbone must end in a feature map [h, w, F], got [${shape.join(', ')}]. Leave its last layers out.`,
  );
}

function checkNumbers(
  name: string,
  values: unknown,
  { count, positive = false, most = 1e6 }: { count?: number; positive?: boolean; most?: number },
): void {
  const good = (value: unknown) =>
    typeof value === 'number' && Math.abs(value) <= most && (!positive || value > 0);
  const counted = (length: number) =>
    count === undefined ? length >= 1 && length <= MAX_SHAPES : length === count;
  if (Array.isArray(values) && counted(values.length) && values.every(good)) return;
  throw new Error(
    `detector: ${name} must be ${count ?? 'some'} ${positive ? 'positive ' : ''}numbers up to ${most}, got ` +
      `${JSON.stringify(values)?.slice(0, 200)}.`,
  );
}
