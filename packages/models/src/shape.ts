// Shapes without the batch axis, and how they are written in messages.

/** Shape of one example: `[T, C]` with T null where it is free, `[H, W, C]` for images, or `[F]`. */
export type Shape = readonly (number | null)[];

/** `[B, 24, 16]` for the shape `[24, 16]`; a free length is written `T`. */
export function formatShape(shape: Shape): string {
  return `[${['B', ...shape.map((size) => size ?? 'T')].join(', ')}]`;
}

/** Number of values of one example, or null where the length is free. */
export function sizeOf(shape: Shape): number | null {
  return shape.reduce<number | null>(
    (product, size) => (product === null || size === null ? null : product * size),
    1,
  );
}

/** Splits a `[T, C]` shape. @throws if the shape has another rank, naming the layer that needs a sequence. */
export function sequenceShape(type: string, shape: Shape): { steps: number | null; channels: number } {
  const [steps, channels] = shape;
  if (shape.length !== 2 || typeof channels !== 'number') {
    throw new Error(
      `${type}: needs a sequence [B, T, C], got ${formatShape(shape)}. ` +
        'Let the layer before it keep the time axis (returnSequences: true), or reshape.',
    );
  }
  return { steps: steps ?? null, channels };
}

/** Splits an `[H, W, C]` shape. @throws if the shape has another rank, naming the layer that needs an image. */
export function imageShape(type: string, shape: Shape): { height: number; width: number; channels: number } {
  const [height, width, channels] = shape;
  if (shape.length !== 3 || !height || !width || !channels) {
    throw new Error(
      `${type}: needs images [B, H, W, C], got ${formatShape(shape)}. ` +
        'Say it in the input, [height, width, channels], or reshape.',
    );
  }
  return { height, width, channels };
}
