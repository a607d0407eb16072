import type { Box } from './box.ts';

/** Where anchors stand and what they look like. */
export interface AnchorOptions {
  /** Size of the feature map [cells]. */
  rows: number;
  columns: number;
  /** Pixels between two cells. */
  stride: number;
  /** Square roots of the areas [pixels]. */
  sizes: readonly number[];
  /** Heights over widths; default 0.5, 1, 2. */
  ratios?: readonly number[];
}

/**
 * The boxes a detector starts from (Ren et al. 2015): at the centre of each cell one for each size and ratio, of area
 * size² and height/width = ratio. Order: rows, columns, sizes, ratios, the last one fastest.
 */
export function createAnchors({ rows, columns, stride, sizes, ratios = [0.5, 1, 2] }: AnchorOptions): Box[] {
  for (const [name, values] of Object.entries({
    rows: [rows],
    columns: [columns],
    stride: [stride],
    sizes,
    ratios,
  })) {
    if (values.length === 0 || values.some((value) => !(value > 0 && Number.isFinite(value)))) {
      throw new Error(`createAnchors: ${name} must be greater than 0, got ${values.join(', ') || 'none'}.`);
    }
  }
  const shapes = sizes.flatMap((size) =>
    ratios.map((ratio) => ({ width: size / Math.sqrt(ratio), height: size * Math.sqrt(ratio) })),
  );
  const anchors: Box[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [x, y] = [(column + 0.5) * stride, (row + 0.5) * stride];
      for (const { width, height } of shapes) {
        anchors.push([x - width / 2, y - height / 2, x + width / 2, y + height / 2]);
      }
    }
  }
  return anchors;
}
