import { type Image, withChannels } from '../image/image.ts';
import { resize } from '../transforms/resize.ts';
import type { Detector } from './detector.ts';

/** Writes a picture to `into [H, W, C]` as the backbone takes it: resized, channels converted, (value − mean) / deviation. */
export function writePicture(
  { config: { input, mean, deviation } }: Pick<Detector, 'config'>,
  image: Image,
  into: Float32Array,
): void {
  const [height, width, channels] = input;
  const { data } = resize(withChannels(image, channels as Image['channels']), { height, width });
  for (let i = 0; i < into.length; i++) {
    const c = i % channels;
    into[i] = (data[i]! - mean[c]!) / deviation[c]!;
  }
}
