// Brightness, contrast, saturation and hue; alpha is left as it is. Values stay between 0 and 255.

import type { Image } from '../image/image.ts';

/** How to change the colours of a picture; 1 (and 0 for `hue`) leaves them as they are. */
export interface ColourSettings {
  /** Factor on all values. */
  brightness?: number;
  /** Factor on the difference from the mean grey of the picture. */
  contrast?: number;
  /** Factor on the difference from each pixel's grey; no effect on grey pictures. */
  saturation?: number;
  /** Turns colours around the grey axis [degrees]; no effect on grey pictures. */
  hue?: number;
}

/** The picture with other colours, changed in the order brightness, contrast, saturation, hue. */
export function recolour(image: Image, settings: ColourSettings): Image {
  const { brightness = 1, contrast = 1, saturation = 1, hue = 0 } = settings;
  const { height, width, channels } = image;
  const colours = channels === 1 ? 1 : 3;
  const data = Float32Array.from(image.data);
  const pixels = height * width;
  const bounded = (value: number) => Math.min(255, Math.max(0, value));
  const greyAt = (at: number) =>
    colours === 1 ? data[at]! : 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  let mean = 0;
  for (let i = 0; i < pixels; i++) {
    const at = i * channels;
    for (let c = 0; c < colours; c++) data[at + c] = bounded(brightness * data[at + c]!);
    mean += greyAt(at) / pixels;
  }
  const turn = hueRotation(hue);
  for (let i = 0; i < pixels; i++) {
    const at = i * channels;
    for (let c = 0; c < colours; c++) data[at + c] = bounded(mean + contrast * (data[at + c]! - mean));
    if (colours === 1) continue;
    const grey = greyAt(at);
    for (let c = 0; c < 3; c++) data[at + c] = bounded(grey + saturation * (data[at + c]! - grey));
    if (hue === 0) continue;
    const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
    for (let c = 0; c < 3; c++) {
      data[at + c] = bounded(turn[3 * c]! * r + turn[3 * c + 1]! * g + turn[3 * c + 2]! * b);
    }
  }
  return { height, width, channels, data };
}

/** Rotation about the axis (1, 1, 1) by an angle [degrees], row-major (Rodrigues' formula). */
function hueRotation(degrees: number): readonly number[] {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const along = (1 - cos) / 3;
  const side = sin / Math.sqrt(3);
  return [
    cos + along,
    along - side,
    along + side,
    along + side,
    cos + along,
    along - side,
    along - side,
    along + side,
    cos + along,
  ];
}
