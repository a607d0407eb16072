// Which box an anchor or a region is to learn, and which of them an update looks at.

import { type Random, shuffle } from '@tidecast/data';
import { areaOf, type Box, intersectionOf, iou } from './box.ts';

/** What an anchor or a region is: the index of its box, or one of these. */
export const NOTHING = -1;
/** Neither clearly something nor clearly nothing: not learned from. */
export const LEFT_OUT = -2;

/** From which overlap on one belongs to a box, and below which it is nothing. */
export interface AssignOptions {
  something: number;
  nothing: number;
  /** Every box also takes those that overlap it most, however little. */
  everyBox: boolean;
  /** Boxes that are not asked for: what lies in one by half is left out. */
  ignored: readonly Box[];
}

/**
 * For each of `candidates` the index in `boxes` of the one it overlaps most, {@link NOTHING} or {@link LEFT_OUT}
 * (Ren et al. 2015).
 */
export function assignBoxes(
  candidates: readonly Box[],
  boxes: readonly Box[],
  { something, nothing, everyBox, ignored }: AssignOptions,
): Int32Array {
  const assigned = new Int32Array(candidates.length).fill(NOTHING);
  const most = new Float64Array(candidates.length);
  const mostOfBox = new Float64Array(boxes.length);
  const closest = new Int32Array(candidates.length).fill(NOTHING);
  for (let b = 0; b < boxes.length; b++) {
    for (let i = 0; i < candidates.length; i++) {
      const overlap = iou(candidates[i]!, boxes[b]!);
      if (overlap > most[i]!) {
        most[i] = overlap;
        closest[i] = b;
      }
      mostOfBox[b] = Math.max(mostOfBox[b]!, overlap);
    }
  }
  for (let i = 0; i < candidates.length; i++) {
    if (most[i]! >= something) assigned[i] = closest[i]!;
    else if (most[i]! >= nothing) assigned[i] = LEFT_OUT;
    else if (inAny(candidates[i]!, ignored)) assigned[i] = LEFT_OUT;
  }
  if (!everyBox) return assigned;
  for (let b = 0; b < boxes.length; b++) {
    if (mostOfBox[b] === 0) continue;
    for (let i = 0; i < candidates.length; i++) {
      if (assigned[i]! < 0 && iou(candidates[i]!, boxes[b]!) >= mostOfBox[b]! - 1e-9) assigned[i] = b;
    }
  }
  return assigned;
}

function inAny(box: Box, ignored: readonly Box[]): boolean {
  return ignored.some((other) => 2 * intersectionOf(box, other) >= areaOf(box));
}

/**
 * At most `count` of the assigned, up to half of them something and the rest nothing, drawn at random: there is far more
 * nothing than something to learn from.
 */
export function sampleAssigned(assigned: Int32Array, count: number, random: Random): number[] {
  const of = (wanted: (box: number) => boolean) => {
    const indices: number[] = [];
    for (let i = 0; i < assigned.length; i++) if (wanted(assigned[i]!)) indices.push(i);
    return shuffle(indices, random);
  };
  const some = of((box) => box >= 0).slice(0, Math.floor(count / 2));
  return [...some, ...of((box) => box === NOTHING).slice(0, count - some.length)];
}
