// Pictures as training samples: out of memory, or decoded when a batch is asked for, so that there may be more of them than
// memory holds. Each training draw augments them anew; without one they are as they are.

import {
  type Batch,
  type Draw,
  deriveSeed,
  type NdArray,
  type SampleSource,
  type Samples,
} from '@tidecast/data';
import { type Image, withChannels } from '../image/image.ts';
import { ImageError } from '../image/image-error.ts';
import { imageAt, type LabelledImages } from '../readers/labelled-images.ts';
import type { ImageList } from '../sources/image-list.ts';
import { checkTransforms } from '../transforms/check-transforms.ts';
import type { TransformConfig } from '../transforms/transform-config.ts';
import { transformBoxed } from '../transforms/transforms.ts';
import { checkWhole } from './check-whole.ts';
import { DECODED_AT_ONCE, type ImageDecoder } from './image-decoder.ts';
import { type Normalisation, pixelWriter } from './image-pixels.ts';
import { type ImageTargets, type LabelledBox, targetWriter } from './image-targets.ts';
import { limited } from './limited.ts';
import { createPictureCache } from './picture-cache.ts';

/** How pictures become inputs and targets. */
export interface ImageSamplesOptions {
  /** Shape of one input. Grey becomes RGB and the other way round, and alpha lies over white; sizes change by `transforms`. */
  input: readonly [height: number, width: number, channels: Image['channels']];
  /** What every picture goes through first, always in the same way: `resize` and `centerCrop`. */
  transforms?: readonly TransformConfig[];
  /** What training does to it then, anew for each epoch. Which steps keep labels true is yours to say. */
  augmentation?: readonly TransformConfig[];
  /** What is done in its place where nobody trains, such as a `centerCrop` for a `randomCrop`. */
  plain?: readonly TransformConfig[];
  /** Default: mean 0 and standard deviation 1, which leaves values from 0 to 1. */
  normalise?: Normalisation;
  /** Default: the class of each picture, one-hot. */
  targets?: ImageTargets;
}

/** How pictures that are not in memory become inputs and targets. */
export interface DecodedImageSamplesOptions extends ImageSamplesOptions {
  /** Gives the picture at a path; `readImage` of `@tidecast/vision/node` for files. */
  decode: ImageDecoder;
  /** Pictures decoded and held in full at the same time, over all batches asked for; default 16. */
  concurrency?: number;
  /** Pictures to keep as they are after `transforms`, in bytes of pixels; default 0. Those not used the longest go first. */
  cacheBytes?: number;
}

/** What samples of pictures tell beside their batches. */
export interface ImageClasses {
  /** Names of the classes. */
  classes: readonly string[];
  /** Class of each picture, for `balancedBatches` and `classWeights` of `@tidecast/train`. */
  labels: Uint32Array;
}

/** A picture after `transforms`, with the things on it. */
interface Prepared {
  image: Image;
  things: readonly LabelledBox[];
}

const FIXED: ReadonlySet<TransformConfig['type']> = new Set(['resize', 'centerCrop']);

/**
 * Pictures as samples: x `[H, W, C]`; y `[K]`, or as `targets` say, with weights where a target may be missing.
 * A picture of a training draw depends on (seed, epoch, position in the epoch, index) alone.
 * @throws if an option is out of bounds, or a label is no class. A batch throws ImageError where a picture cannot be decoded
 * or has another size than `input` in the end, and names it.
 */
export function imageSamples(images: LabelledImages, options: ImageSamplesOptions): Samples & ImageClasses;
export function imageSamples(
  list: ImageList,
  options: DecodedImageSamplesOptions,
): SampleSource & ImageClasses;
export function imageSamples(
  source: LabelledImages | ImageList,
  options: ImageSamplesOptions | DecodedImageSamplesOptions,
): SampleSource & ImageClasses {
  return 'items' in source
    ? decodedSamples(source, options as DecodedImageSamplesOptions)
    : storedSamples(source, options);
}

function storedSamples(images: LabelledImages, options: ImageSamplesOptions): Samples & ImageClasses {
  const { count, labels, classes } = images;
  const rows = rowMaker(
    { labels: Uint32Array.from(labels), classes },
    options,
    (index) => `picture ${index}`,
  );
  return {
    ...rows.facts,
    batch(indices, draw) {
      const batch = rows.empty(checkedIndices(indices, count));
      for (const [row, index] of batch.indices.entries()) {
        rows.fill(batch, { row, draw, picture: rows.prepare(imageAt(images, index), index) });
      }
      return rows.done(batch);
    },
  };
}

function decodedSamples(
  { items, classes }: ImageList,
  options: DecodedImageSamplesOptions,
): SampleSource & ImageClasses {
  const { decode, input, concurrency = DECODED_AT_ONCE, cacheBytes = 0 } = options;
  if (typeof decode !== 'function') {
    throw new Error(
      'imageSamples: a list of pictures needs decode, for example readImage of @tidecast/vision/node.',
    );
  }
  checkWhole('imageSamples: concurrency', concurrency, 1);
  checkWhole('imageSamples: cacheBytes', cacheBytes, 0);
  const labels = Uint32Array.from(items, ({ label }) => label);
  const rows = rowMaker({ labels, classes }, options, (index) => items[index]!.path);
  const run = limited(concurrency);
  const cache = createPictureCache<Prepared>(cacheBytes);
  const read = async (index: number): Promise<Prepared> => {
    const { path } = items[index]!;
    try {
      const picture = rows.prepare(await decode(path, { channels: input[2], file: path }), index);
      cache.put(index, picture);
      return picture;
    } catch (error) {
      if (error instanceof ImageError && error.file !== undefined) throw error;
      throw new ImageError(`image: ${(error as Error).message}`, { file: path, cause: error });
    }
  };
  return {
    ...rows.facts,
    async batch(indices, draw) {
      const batch = rows.empty(checkedIndices(indices, items.length));
      const filled = Array.from(batch.indices, async (index, row) => {
        const picture = cache.get(index) ?? (await run(() => read(index)));
        rows.fill(batch, { row, draw, picture });
      });
      // A failed batch is over only when none of its pictures is still being decoded.
      for (const result of await Promise.allSettled(filled)) {
        if (result.status === 'rejected') throw result.reason;
      }
      return rows.done(batch);
    },
  };
}

/** A batch while its rows are being filled. */
interface OpenBatch {
  indices: Uint32Array;
  x: Float32Array;
  y: Float32Array;
  weight: Float32Array;
}

/** The steps from a picture to its row, the same wherever it comes from. */
function rowMaker(
  { labels, classes }: ImageClasses,
  options: ImageSamplesOptions,
  nameOf: (index: number) => string,
) {
  const { input, transforms = [], augmentation = [], plain = [] } = options;
  const [height, width, channels] = input;
  checkWhole('imageSamples: the height of input', height, 1);
  checkWhole('imageSamples: the width of input', width, 1);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new Error(`imageSamples: channels of input must be 1, 3 or 4, got ${channels}.`);
  }
  for (const [name, steps] of Object.entries({ transforms, plain })) {
    const random = steps.find(({ type }) => !FIXED.has(type));
    if (!random) continue;
    throw new Error(
      `imageSamples: ${name} may hold ${[...FIXED].join(' and ')}, which are the same each time, got ${random.type}. ` +
        'Put it into augmentation.',
    );
  }
  for (const steps of [transforms, plain, augmentation]) checkTransforms(steps);
  const count = labels.length;
  const target = targetWriter(count, { labels, classes }, options.targets);
  const writePixels = pixelWriter(channels, options.normalise);
  const xSize = height * width * channels;
  const ySize = target.shape.reduce((product, each) => product * each, 1);
  const run = ({ image, things }: Prepared, steps: readonly TransformConfig[], seed: number): Prepared => {
    if (steps.length === 0) return { image, things };
    const moved = transformBoxed({ image, boxes: things.map(({ box }) => box) }, steps, { seed });
    return {
      image: moved.image,
      things: moved.kept.map((index, i) => ({ box: moved.boxes[i]!, label: things[index]!.label })),
    };
  };
  return {
    facts: { count, xShape: [...input], yShape: target.shape, classes, labels },
    prepare: (image: Image, index: number): Prepared =>
      run({ image: withChannels(image, channels), things: target.thingsOf(index) }, transforms, 0),
    empty: (indices: Uint32Array): OpenBatch => ({
      indices,
      x: new Float32Array(indices.length * xSize),
      y: new Float32Array(indices.length * ySize),
      weight: new Float32Array(target.weighted ? indices.length * ySize : 0).fill(1),
    }),
    fill(batch: OpenBatch, { row, draw, picture }: { row: number; draw?: Draw; picture: Prepared }): void {
      const index = batch.indices[row]!;
      const { image, things } = draw
        ? run(picture, augmentation, deriveSeed(draw.seed, 'picture', draw.epoch, draw.position + row, index))
        : run(picture, plain, 0);
      if (image.height !== height || image.width !== width) {
        throw new ImageError(
          `image: expected ${height} × ${width} pixels (input), got ${image.height} × ${image.width} after ` +
            `${draw ? 'augmentation' : 'transforms'}. Add { type: 'resize', height: ${height}, width: ${width} } to transforms.`,
          { file: nameOf(index) },
        );
      }
      writePixels(image, batch.x.subarray(row * xSize, (row + 1) * xSize));
      target.write(index, things, {
        y: batch.y.subarray(row * ySize, (row + 1) * ySize),
        weight: batch.weight.subarray(row * ySize, (row + 1) * ySize),
      });
    },
    done({ indices, x, y, weight }: OpenBatch): Batch {
      const targets = (data: Float32Array): NdArray => ({ data, shape: [indices.length, ...target.shape] });
      return {
        x: { data: x, shape: [indices.length, ...input] },
        y: targets(y),
        ...(target.weighted && { weight: targets(weight) }),
      };
    },
  };
}

function checkedIndices(indices: ArrayLike<number>, count: number): Uint32Array {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (Number.isInteger(index) && index >= 0 && index < count) continue;
    throw new Error(`imageSamples: index ${index} is out of range, there are ${count} pictures.`);
  }
  return Uint32Array.from(indices);
}
