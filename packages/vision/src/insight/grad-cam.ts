import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '@tidecast/models';
import type { Image } from '../image/image.ts';
import { resize } from '../transforms/resize.ts';
import { chosenClass } from './chosen-class.ts';
import type { HeatMap } from './heat-map.ts';
import { type FeatureMaps, layerNamed, layerOutputs, mapsOf } from './layer-outputs.ts';
import { type PictureOptions, pictureInput } from './picture-input.ts';

/** What {@link gradCam} explains. */
export interface GradCamOptions extends PictureOptions {
  /** Which output; default the largest. */
  class?: number;
  /** Which maps; default those of the last layer that makes maps of more than one pixel. */
  layer?: string;
}

/**
 * Where in the picture a class was seen, as large as the picture and nowhere negative: ReLU(Σₖ αₖ Aᵏ) of the maps Aᵏ of a layer,
 * αₖ the mean of ∂y/∂Aᵏ over the map and y the output of the class, enlarged bilinearly. Logits say more than
 * probabilities: end the network in a `linear` layer. All 0 where nothing speaks for the class.
 * Source: Selvaraju et al. 2017, ICCV.
 * @throws if the picture has another size than the network takes, there is no such class or layer, or no layer has maps.
 */
export function gradCam(model: Model, image: Image, options: GradCamOptions = {}): HeatMap {
  const x = pictureInput('gradCam', model, image, options);
  const { output, layers } = layerOutputs(model, x);
  const place = chosenClass('gradCam', output, options.class);
  const all = mapsOf('gradCam', layers);
  const chosen =
    options.layer === undefined
      ? (all.findLast(({ height, width }) => height * width > 1) ?? all.at(-1)!)
      : layerNamed('gradCam', all, options.layer);
  const { height, width, channels, data } = chosen;
  const slopes = meanSlopes(model, { x, place, maps: chosen });
  const sums = new Float32Array(height * width);
  for (let i = 0; i < sums.length; i++) {
    let sum = 0;
    for (let k = 0; k < channels; k++) sum += slopes[k]! * data[i * channels + k]!;
    sums[i] = Math.max(0, sum);
  }
  const seen = resize({ height, width, channels: 1, data: sums }, image);
  return { height: image.height, width: image.width, data: Float32Array.from(seen.data) };
}

/** α: the mean slope of output number `place` by each map. */
function meanSlopes(
  model: Model,
  { x, place, maps }: { x: ReturnType<typeof pictureInput>; place: number; maps: FeatureMaps },
): Float64Array {
  const { layer, height, width, channels } = maps;
  const gradient = tf.tidy(() => {
    const input = tf.tensor(x.data, x.shape);
    // The slope by what is added to the maps is that by the maps, and needs no part of the network before them.
    const y = (added: tf.Tensor) => {
      const output = model.apply(input, {
        onLayer: (name, value) => (name === layer ? tf.add(value, added) : value),
      });
      return tf.sum(tf.slice(tf.reshape(output, [-1]), [place], [1]));
    };
    return tf
      .grad(y)(tf.zeros([1, height, width, channels]))
      .dataSync();
  });
  const means = new Float64Array(channels);
  for (let i = 0; i < gradient.length; i++) means[i % channels]! += gradient[i]! / (height * width);
  return means;
}
