// Steps of preprocessing and augmentation as data.

/** One step as data; random ones draw anew for each picture. */
export type TransformConfig =
  /** Another size, see `resize`. */
  | { type: 'resize'; height: number; width: number }
  /** The middle, see `crop`. */
  | { type: 'centerCrop'; height: number; width: number }
  /** A random part of the picture with `padding` pixels of 0 around it (default 0). */
  | { type: 'randomCrop'; height: number; width: number; padding?: number }
  /** Left and right change places (top and bottom with `vertical`) with a probability, default 0.5. */
  | { type: 'flip'; vertical?: boolean; probability?: number }
  /**
   * A random affine map, each value drawn evenly: turned by up to ±`rotate` and slanted by up to ±`shear` degrees, scaled by
   * `scale` (from, to), moved by up to ±`move` (share of the size). What comes in from outside is `fill`, default 0.
   */
  | {
      type: 'affine';
      rotate?: number;
      shear?: number;
      scale?: readonly [from: number, to: number];
      move?: number;
      fill?: number;
    }
  /** Random colours: brightness, contrast and saturation by a factor in 1 ± the value, hue by up to ± so many degrees. */
  | { type: 'colour'; brightness?: number; contrast?: number; saturation?: number; hue?: number }
  /** A square of side `size` [pixels] at a random place becomes `fill`, default 0 (DeVries and Taylor 2017). */
  | { type: 'cutout'; size: number; fill?: number };
