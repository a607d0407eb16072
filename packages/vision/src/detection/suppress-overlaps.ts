import { type Box, iou } from './box.ts';

/** How to thin out boxes. */
export interface SuppressionOptions {
  /** Boxes that overlap a better one by more than this are dropped; default 0.5. */
  maxIou?: number;
  /** Boxes with a lower score are dropped; default: none. */
  minScore?: number;
  /** At most so many are kept; default: all. */
  maxBoxes?: number;
}

/**
 * Non-maximum suppression: the indices of the boxes that are kept, by falling score. A box is dropped where it overlaps a
 * kept one by more than `maxIou`. Equal scores: the first one wins. Boxes with a score of NaN are dropped.
 */
export function suppressOverlaps(
  boxes: readonly Box[],
  scores: ArrayLike<number>,
  {
    maxIou = 0.5,
    minScore = Number.NEGATIVE_INFINITY,
    maxBoxes = Number.POSITIVE_INFINITY,
  }: SuppressionOptions = {},
): number[] {
  if (boxes.length !== scores.length) {
    throw new Error(
      `suppressOverlaps: expected a score for each box, got ${scores.length} for ${boxes.length}.`,
    );
  }
  const order = Array.from({ length: boxes.length }, (_, i) => i)
    .filter((i) => scores[i]! >= minScore)
    .sort((a, b) => scores[b]! - scores[a]! || a - b);
  const kept: number[] = [];
  for (const candidate of order) {
    if (kept.length >= maxBoxes) break;
    if (kept.every((better) => iou(boxes[better]!, boxes[candidate]!) <= maxIou)) kept.push(candidate);
  }
  return kept;
}
