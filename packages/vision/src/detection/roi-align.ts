// Regions of a feature map as grids of one size, and the gradient of that. A sample between cells is bilinear and a bin is a
// mean of samples, so a bin is a weighted sum whose weights are one factor for its rows times one for its columns: both are
// worked out once a region, and the loops run over cells. Plain arrays, as plans and trained detectors use them; an
// operation for the tape beside them.

import * as tf from '@tensorflow/tfjs-core';

/** How to cut regions out. */
export interface RoiAlignOptions {
  /** Rows and columns of the result, P. */
  size: number;
  /** Cells of the feature map in one pixel: 1 / stride. */
  scale: number;
  /** Samples along each side of a bin; default 2. */
  samples?: number;
}

/** Shape of a batch of feature maps. */
export type FeatureShape = readonly [batch: number, height: number, width: number, channels: number];

/** What the loops work on. */
export interface Regions {
  shape: FeatureShape;
  /** Corners `[x0, y0, x1, y1]` of each region [pixels], the same number for each picture, in their order. */
  boxes: ArrayLike<number>;
  options: RoiAlignOptions;
}

/** The cells along one axis that each bin is a mean of. */
interface AxisTaps {
  /** Where the cells of each bin begin in `cells`, and after the last one where they end. */
  starts: number[];
  cells: number[];
  weights: number[];
}

/** The cells and weights of all bins between pixels `from` and `to`, on an axis of `cells` cells. */
function axisTaps(
  from: number,
  to: number,
  cells: number,
  { size, scale, samples = 2 }: RoiAlignOptions,
): AxisTaps {
  const taps: AxisTaps = { starts: [0], cells: [], weights: [] };
  // The middle of cell 0 is at pixel stride / 2, so at −0.5 from the corner.
  const first = from * scale - 0.5;
  const bin = ((to - from) * scale) / size;
  for (let i = 0; i < size; i++) {
    const begin = taps.cells.length;
    const add = (cell: number, weight: number) => {
      const known = taps.cells.indexOf(cell, begin);
      if (known >= 0) taps.weights[known]! += weight;
      else {
        taps.cells.push(cell);
        taps.weights.push(weight);
      }
    };
    for (let s = 0; s < samples; s++) {
      const at = first + bin * (i + (s + 0.5) / samples);
      // A cell or more outside the map there is nothing.
      if (!(at >= -1 && at <= cells)) continue;
      const inside = Math.min(cells - 1, Math.max(0, at));
      const low = Math.floor(inside);
      const part = inside - low;
      add(low, (1 - part) / samples);
      if (part > 0) add(low + 1, part / samples);
    }
    taps.starts.push(taps.cells.length);
  }
  return taps;
}

/** Calls `visit` for each region, bin and cell with the place of the bin's and the cell's channels and the cell's weight. */
function eachTap(
  { shape: [batch, height, width, channels], boxes, options }: Regions,
  visit: (bin: number, cell: number, weight: number) => void,
): void {
  const count = boxes.length / 4;
  const perPicture = count / batch;
  const { size } = options;
  for (let region = 0; region < count; region++) {
    const picture = Math.floor(region / perPicture) * height * width;
    const down = axisTaps(boxes[4 * region + 1]!, boxes[4 * region + 3]!, height, options);
    const across = axisTaps(boxes[4 * region]!, boxes[4 * region + 2]!, width, options);
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const bin = ((region * size + row) * size + column) * channels;
        for (let i = down.starts[row]!; i < down.starts[row + 1]!; i++) {
          const line = picture + down.cells[i]! * width;
          for (let j = across.starts[column]!; j < across.starts[column + 1]!; j++) {
            visit(bin, (line + across.cells[j]!) * channels, down.weights[i]! * across.weights[j]!);
          }
        }
      }
    }
  }
}

/** Writes the regions of `features` to `result [regions, P, P, C]`. */
export function alignRegions(features: Float32Array, regions: Regions, result: Float32Array): void {
  const channels = regions.shape[3];
  result.fill(0);
  eachTap(regions, (bin, cell, weight) => {
    for (let c = 0; c < channels; c++) result[bin + c]! += weight * features[cell + c]!;
  });
}

/** Writes the gradient by the features to `gradient`, from that by the regions, `upper [regions, P, P, C]`. */
export function alignRegionsGradient(upper: Float32Array, regions: Regions, gradient: Float32Array): void {
  const channels = regions.shape[3];
  gradient.fill(0);
  eachTap(regions, (bin, cell, weight) => {
    for (let c = 0; c < channels; c++) gradient[cell + c]! += weight * upper[bin + c]!;
  });
}

/**
 * RoI Align (He, Gkioxari, Dollár and Girshick 2017): each region is cut into P × P bins, and a bin is the mean of
 * `samples`² bilinear samples of the feature map, none of them rounded to a cell; more than a cell outside the map is 0.
 * `features [B, h, w, C]`, `boxes [B, R, 4]` in pixels (no gradient goes through them); result `[B·R, P, P, C]`.
 */
export function roiAlign(features: tf.Tensor4D, boxes: tf.Tensor3D, options: RoiAlignOptions): tf.Tensor4D {
  const { size, samples = 2, scale } = options;
  for (const [name, value] of Object.entries({ size, samples })) {
    if (!(Number.isInteger(value) && value >= 1)) {
      throw new Error(`roiAlign: ${name} must be a whole number from 1, got ${value}.`);
    }
  }
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new Error(`roiAlign: scale must be greater than 0, got ${scale}. It is 1 / stride.`);
  }
  if (
    features.shape.length !== 4 ||
    boxes.shape.length !== 3 ||
    boxes.shape[0] !== features.shape[0] ||
    boxes.shape[2] !== 4
  ) {
    throw new Error(
      `roiAlign: features must be [B, h, w, C] and boxes [B, R, 4], got [${features.shape.join(', ')}] and ` +
        `[${boxes.shape.join(', ')}].`,
    );
  }
  const regions: Regions = { shape: features.shape, boxes: boxes.dataSync(), options };
  const channels = features.shape[3];
  const shape: [number, number, number, number] = [boxes.shape[0] * boxes.shape[1], size, size, channels];
  const align = tf.customGrad((...given: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const result = new Float32Array(shape[0] * size * size * channels);
    alignRegions((given[0] as tf.Tensor).dataSync<'float32'>(), regions, result);
    return {
      value: tf.tensor4d(result, shape),
      gradFunc: (upper: tf.Tensor) => {
        const gradient = new Float32Array(features.size);
        alignRegionsGradient(upper.dataSync<'float32'>(), regions, gradient);
        return tf.tensor4d(gradient, features.shape);
      },
    };
  });
  return align(features) as tf.Tensor4D;
}
