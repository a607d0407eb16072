import type { Model } from '@tidecast/models';
import type { Image } from '../image/image.ts';
import { type HeatImageOptions, heatImage } from './heat-map.ts';
import { type FeatureMaps, layerNamed, layerOutputs, mapsOf } from './layer-outputs.ts';
import { type PictureOptions, pictureInput } from './picture-input.ts';

/**
 * What the layers of a network make of one picture: of every layer that makes maps, or of those named in `layers`.
 * @throws if the picture has another size than the network takes, or a layer makes no maps.
 */
export function featureMaps(
  model: Model,
  image: Image,
  options: PictureOptions & { layers?: readonly string[] } = {},
): FeatureMaps[] {
  const x = pictureInput('featureMaps', model, image, options);
  const maps = mapsOf('featureMaps', layerOutputs(model, x).layers);
  return options.layers?.map((layer) => layerNamed('featureMaps', maps, layer)) ?? maps;
}

/** One picture for each map, with colours over its own range unless `range` is given; `contactSheet` lays them out. */
export function mapImages(
  { height, width, channels, data }: FeatureMaps,
  options: HeatImageOptions = {},
): Image[] {
  return Array.from({ length: channels }, (_, c) => {
    const map = Float32Array.from({ length: height * width }, (_, i) => data[i * channels + c]!);
    return heatImage({ height, width, data: map }, options);
  });
}
