import type { Model } from '@tidecast/models';
import { createImage, type Image } from '../image/image.ts';
import { heatImage } from './heat-map.ts';

/**
 * The filters of a convolution as pictures, for `contactSheet`. Filters over 3 channels are RGB pictures, 0 grey. Others are one
 * picture for each input channel, filter after filter (blue below 0, red above): with as many columns as channels each filter
 * is a row. Every filter has a scale of its own. `layer` is the name of a layer (`0.cnn2d`), or of a weight.
 * @throws if there is no such layer, or it has no filters.
 */
export function filterImages(model: Model, layer: string): Image[] {
  const kernels = Object.entries(model.weights).filter(([, weight]) => weight.shape.length === 4);
  const found = kernels.find(([name]) => name === layer || name.startsWith(`${layer}.`));
  if (!found) {
    const names = kernels.map(([name]) => name.slice(0, name.lastIndexOf('.')));
    throw new Error(
      `filterImages: expected a layer with filters [height, width, channels, filters], ` +
        `${names.length > 0 ? `one of ${[...new Set(names)].join(', ')}` : 'of which there is none'}, got '${layer}'.`,
    );
  }
  const [height = 0, width = 0, channels = 0, filters = 0] = found[1].shape;
  const values = found[1].dataSync();
  const size = height * width;
  const images: Image[] = [];
  for (let f = 0; f < filters; f++) {
    // Channel after channel, so that each is a piece of it.
    const filter = new Float32Array(size * channels);
    let most = 0;
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < channels; c++) {
        const value = values[(i * channels + c) * filters + f]!;
        filter[c * size + i] = value;
        most = Math.max(most, Math.abs(value));
      }
    }
    if (channels === 3) {
      const data = new Uint8ClampedArray(3 * size);
      for (let i = 0; i < data.length; i++) {
        data[i] = 127.5 + (127.5 * filter[(i % 3) * size + Math.floor(i / 3)]!) / (most || 1);
      }
      images.push(createImage({ height, width, channels, data }));
      continue;
    }
    for (let c = 0; c < channels; c++) {
      const data = filter.subarray(c * size, (c + 1) * size);
      images.push(heatImage({ height, width, data }, { colours: 'diverging', range: most }));
    }
  }
  return images;
}
