// Samples that ask for their own inputs back.

import { type Batch, changeBatch, type NdArray, type SampleSource, type Samples } from '@tidecast/data';

/** What is asked for. */
export interface AutoencodingOptions {
  /** True: the samples' own targets, classes, stand behind the inputs in the targets. Default false. */
  classes?: boolean;
}

/**
 * The same samples with their inputs as targets: of the inputs' shape, or with `classes` flat, `[D + K]`, the inputs and
 * then the samples' own targets. Masked steps weigh 0. The samples' own weights stay with their own targets.
 */
export function autoencoding(samples: Samples, options?: AutoencodingOptions): Samples;
export function autoencoding(samples: SampleSource, options?: AutoencodingOptions): SampleSource;
export function autoencoding(
  samples: SampleSource,
  { classes = false }: AutoencodingOptions = {},
): SampleSource {
  const sizeOf = (shape: readonly number[]) => shape.reduce((product, each) => product * each, 1);
  const [given, own] = [sizeOf(samples.xShape), classes ? sizeOf(samples.yShape) : 0];
  const yShape = classes ? [given + own] : samples.xShape;
  const withInputs = (whole: Batch): Batch => {
    const { weight: ownWeight, ...batch } = whole;
    const { x, y, mask } = batch;
    const rows = x.shape[0]!;
    const width = given + own;
    const stacked = (): NdArray => ({ data: new Float32Array(rows * width), shape: [rows, ...yShape] });
    const targets = stacked();
    const weights = mask || (classes && ownWeight) ? stacked() : undefined;
    const ownSize = y.data.length / rows;
    for (let row = 0; row < rows; row++) {
      targets.data.set(x.data.subarray(row * given, (row + 1) * given), row * width);
      if (classes) {
        targets.data.set(y.data.subarray(row * ownSize, (row + 1) * ownSize), row * width + given);
      }
      if (!weights) continue;
      const weight = weights.data.subarray(row * width, (row + 1) * width);
      weight.fill(1);
      if (mask) {
        const steps = mask.data.length / rows;
        const perStep = given / steps;
        for (let t = 0; t < steps; t++) {
          weight.fill(mask.data[row * steps + t]!, t * perStep, (t + 1) * perStep);
        }
      }
      if (classes && ownWeight) {
        weight.set(ownWeight.data.subarray(row * ownSize, (row + 1) * ownSize), given);
      }
    }
    return { ...batch, y: targets, ...(weights && { weight: weights }) };
  };
  return {
    ...samples,
    yShape,
    batch: (indices, draw) => changeBatch(samples.batch(indices, draw), withInputs),
  };
}
