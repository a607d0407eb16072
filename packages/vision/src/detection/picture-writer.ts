import { type Image, withChannels } from '../image/image.ts';
import { type PixelWriter, pixelWriter } from '../samples/image-pixels.ts';
import { resize } from '../transforms/resize.ts';
import type { Detector } from './detector.ts';

/** Writes pictures as the backbone of a detector takes them: channels converted, stretched to its input, normalised. */
export function pictureWriter({ config: { input, normalise } }: Pick<Detector, 'config'>): PixelWriter {
  const [height, width, channels] = input;
  const write = pixelWriter(channels, normalise);
  return (image, row) =>
    write(resize(withChannels(image, channels as Image['channels']), { height, width }), row);
}
