// Preprocessing and augmentation as data: a list of steps that is stored with a model and gives the same picture again
// for the same seed. Every step moves boxes along with the picture. Which steps keep a label true is for the user to say:
// a mirrored 3 is no 3, and nothing here mirrors unless asked.

import { createRandom, type Random } from '@tidecast/data';
import type { Box } from '../detection/box.ts';
import { areaOf, clipBox } from '../detection/box.ts';
import type { Image } from '../image/image.ts';
import { type Affine, affineMatrix, warp, warpBox } from './affine.ts';
import { checkTransforms } from './check-transforms.ts';
import { recolour } from './colour.ts';
import { crop } from './crop.ts';
import { resize } from './resize.ts';
import type { TransformConfig } from './transform-config.ts';

/** A picture and the boxes of the things on it. */
export interface BoxedImage {
  image: Image;
  boxes: readonly Box[];
}

/** Boxes that lose more than this share of their area at the rim are dropped with what they held. */
const MIN_VISIBLE = 0.25;

/**
 * The picture after all steps, in their order; a step's random choices depend on `seed` and its position alone.
 * @throws if a step or one of its settings is not known, or a setting makes no sense.
 */
export function transform(
  image: Image,
  transforms: readonly TransformConfig[],
  { seed }: { seed: number },
): Image {
  return transformBoxed({ image, boxes: [] }, transforms, { seed }).image;
}

/**
 * As {@link transform}, with boxes: they are moved along and clipped at the rim; `kept` holds the indices of those of which
 * at least a quarter is still visible.
 */
export function transformBoxed(
  { image, boxes }: BoxedImage,
  transforms: readonly TransformConfig[],
  { seed }: { seed: number },
): BoxedImage & { kept: readonly number[] } {
  checkTransforms(transforms);
  let picture = image;
  let things = boxes.map((box, index) => ({ box, index, whole: areaOf(box) }));
  transforms.forEach((config, position) => {
    const { image: next, matrix } = step(picture, config, createRandom(seed, 'transform', position));
    picture = next;
    if (!matrix) return;
    things = things.map(({ box, index }) => {
      const moved = warpBox(box, matrix);
      return { box: moved, index, whole: areaOf(moved) };
    });
  });
  const visible = things
    .map((thing) => ({ ...thing, box: clipBox(thing.box, picture.width, picture.height) }))
    .filter(({ box, whole }) => areaOf(box) >= MIN_VISIBLE * whole && areaOf(box) > 0);
  return { image: picture, boxes: visible.map(({ box }) => box), kept: visible.map(({ index }) => index) };
}

/** One step; `matrix` says where its points went, absent where they stayed. */
function step(image: Image, config: TransformConfig, random: Random): { image: Image; matrix?: Affine } {
  const { height, width } = image;
  const spread = (most: number) => (2 * random.uniform() - 1) * most;
  const factor = (most: number) => 1 + spread(most);
  switch (config.type) {
    case 'resize':
      return {
        image: resize(image, config),
        matrix: [config.width / width, 0, 0, 0, config.height / height, 0],
      };
    case 'centerCrop': {
      const top = Math.floor((height - config.height) / 2);
      const left = Math.floor((width - config.width) / 2);
      return cropped(image, { ...config, top, left });
    }
    case 'randomCrop': {
      const { padding = 0 } = config;
      const free = (size: number, wanted: number) => Math.max(0, size + 2 * padding - wanted);
      const top = random.integer(free(height, config.height) + 1) - padding;
      const left = random.integer(free(width, config.width) + 1) - padding;
      return cropped(image, { ...config, top, left });
    }
    case 'flip': {
      const { vertical = false, probability = 0.5 } = config;
      if (random.uniform() >= probability) return { image };
      return warped(
        image,
        affineMatrix(vertical ? { mirrorVertical: true } : { mirror: true }, height, width),
        0,
      );
    }
    case 'affine': {
      const { rotate = 0, shear = 0, scale = [1, 1], move = 0, fill = 0 } = config;
      const drawn = {
        rotate: spread(rotate),
        shear: spread(shear),
        scale: scale[0] + (scale[1] - scale[0]) * random.uniform(),
        moveX: spread(move * width),
        moveY: spread(move * height),
      };
      return warped(image, affineMatrix(drawn, height, width), fill);
    }
    case 'colour': {
      const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = config;
      const drawn = {
        brightness: factor(brightness),
        contrast: factor(contrast),
        saturation: factor(saturation),
        hue: spread(hue),
      };
      return { image: recolour(image, drawn) };
    }
    case 'cutout':
      return { image: withHole(image, config, random) };
  }
}

function cropped(image: Image, window: Parameters<typeof crop>[1]): { image: Image; matrix: Affine } {
  return { image: crop(image, window), matrix: [1, 0, -window.left, 0, 1, -window.top] };
}

function warped(image: Image, matrix: Affine, fill: number): { image: Image; matrix: Affine } {
  return { image: warp(image, matrix, { fill }), matrix };
}

function withHole(image: Image, { size, fill = 0 }: { size: number; fill?: number }, random: Random): Image {
  const { height, width, channels } = image;
  const data = Float32Array.from(image.data);
  const top = random.integer(height) - Math.floor(size / 2);
  const left = random.integer(width) - Math.floor(size / 2);
  for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
    const from = (y * width + Math.max(0, left)) * channels;
    data.fill(fill, from, (y * width + Math.min(width, left + size)) * channels);
  }
  return { height, width, channels, data };
}
