// From pixels to what a network takes: one pass over a picture, straight into its row of a batch.

import type { Image } from '../image/image.ts';

/** x = (v / 255 − mean) / std by channel: mean and standard deviation of values brought to 0 … 1, as they are published. */
export interface Normalisation {
  mean: readonly number[];
  std: readonly number[];
}

/** Writes the values of a picture into `row`, which has as many. */
export type PixelWriter = (image: Image, row: Float32Array) => void;

/**
 * A writer for pictures of `channels` channels; default: v / 255.
 * @throws if there is not one mean, and one standard deviation above 0, for each channel.
 */
export function pixelWriter(channels: number, normalise?: Normalisation): PixelWriter {
  const { mean, std } = normalise ?? {
    mean: new Array<number>(channels).fill(0),
    std: new Array<number>(channels).fill(1),
  };
  const fits = mean.length === channels && std.length === channels;
  if (!fits || !mean.every(Number.isFinite) || !std.every((each) => each > 0 && Number.isFinite(each))) {
    throw new Error(
      `imageSamples: normalise must have ${channels} finite means and ${channels} standard deviations above 0, one for ` +
        `each channel, got mean [${mean.join(', ')}] and std [${std.join(', ')}].`,
    );
  }
  // Most pictures have 256 values at most, so that looking up is quicker than dividing.
  const table = Float32Array.from({ length: channels * 256 }, (_, i) => {
    const channel = Math.floor(i / 256);
    return ((i % 256) / 255 - mean[channel]!) / std[channel]!;
  });
  return ({ data }, row) => {
    if (data instanceof Float32Array) {
      for (let i = 0, c = 0; i < row.length; i++) {
        row[i] = (data[i]! / 255 - mean[c]!) / std[c]!;
        if (++c === channels) c = 0;
      }
      return;
    }
    for (let i = 0, c = 0; i < row.length; i++) {
      row[i] = table[256 * c + data[i]!]!;
      if (++c === channels) c = 0;
    }
  };
}
