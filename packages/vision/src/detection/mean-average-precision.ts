// How good a detector is: mean average precision as COCO defines it (Lin et al. 2014 and its evaluation code):
// precision interpolated at 101 recalls, averaged over IoU thresholds 0.50 … 0.95, classes, with at most 100 detections a
// picture, and things of a crowd (or hard to see) neither counted as found nor as missed.

import { areaOf, type Box, intersectionOf, iou } from './box.ts';

/** A thing that is there. */
export interface GroundTruth {
  image: string | number;
  label: string;
  box: Box;
  /** A crowd, or too hard to ask for: a detection of it counts for nothing, missing it neither. */
  ignore?: boolean;
}

/** A thing that a detector found. */
export interface Detection {
  image: string | number;
  label: string;
  box: Box;
  /** How sure it is; higher is surer. */
  score: number;
}

/** Mean average precisions. NaN where there is nothing to find. */
export interface MeanAveragePrecision {
  /** Mean over IoU 0.50, 0.55 … 0.95 and over classes: COCO's AP. */
  mean: number;
  /** At IoU 0.5, mean over classes: the VOC-like AP50. */
  at50: number;
  /** At IoU 0.75. */
  at75: number;
  /** {@link mean} of each class. */
  byLabel: Readonly<Record<string, number>>;
}

const THRESHOLDS = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100);
const RECALLS = Array.from({ length: 101 }, (_, i) => i / 100);
const MAX_DETECTIONS = 100;

/** Mean average precision of `detections` against `truths`, as COCO defines it. */
export function meanAveragePrecision(
  truths: readonly GroundTruth[],
  detections: readonly Detection[],
): MeanAveragePrecision {
  const labels = [...new Set(truths.filter(({ ignore }) => !ignore).map(({ label }) => label))].sort();
  const table = labels.map((label) => precisionsOf(label, truths, detections));
  const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const at = (threshold: number) => mean(table.map((row) => row[THRESHOLDS.indexOf(threshold)]!));
  return {
    mean: mean(table.map(mean)),
    at50: at(0.5),
    at75: at(0.75),
    byLabel: Object.fromEntries(labels.map((label, i) => [label, mean(table[i]!)])),
  };
}

/** Average precision of one class at each threshold. */
function precisionsOf(
  label: string,
  truths: readonly GroundTruth[],
  detections: readonly Detection[],
): number[] {
  const own = truths.filter((truth) => truth.label === label);
  const wanted = own.filter(({ ignore }) => !ignore).length;
  const images = groupByImage(own);
  const ranked = [...groupByImage(detections.filter((each) => each.label === label))]
    .flatMap(([image, found]) =>
      [...found]
        .sort((a, b) => b.score - a.score)
        .slice(0, MAX_DETECTIONS)
        .map((detection) => ({ image, detection })),
    )
    .sort((a, b) => b.detection.score - a.detection.score);
  return THRESHOLDS.map((threshold) => {
    const taken = new Set<GroundTruth>();
    const hits = ranked.flatMap(({ image, detection }) => {
      const match = bestMatch(detection.box, images.get(image) ?? [], threshold, taken);
      if (match?.ignore) return [];
      if (match) taken.add(match);
      return [match !== undefined];
    });
    return interpolatedArea(hits, wanted);
  });
}

/** The thing that a detection is of: the free one it overlaps most, ignored ones only where there is no other. */
function bestMatch(
  box: Box,
  truths: readonly GroundTruth[],
  threshold: number,
  taken: ReadonlySet<GroundTruth>,
): GroundTruth | undefined {
  let best: GroundTruth | undefined;
  let overlap = 0;
  for (const truth of truths) {
    if (taken.has(truth)) continue;
    const own = truth.ignore ? shareInside(box, truth.box) : iou(box, truth.box);
    if (own < threshold) continue;
    const better = best === undefined || (Boolean(best.ignore) && !truth.ignore);
    const worse = best !== undefined && !best.ignore && Boolean(truth.ignore);
    if (better || (!worse && own > overlap)) {
      best = truth;
      overlap = own;
    }
  }
  return best;
}

/** Of a crowd a detection need not cover all: what counts is how much of the detection lies in it; 0 for one without area. */
function shareInside(box: Box, crowd: Box): number {
  const shared = intersectionOf(box, crowd);
  return shared > 0 ? shared / areaOf(box) : 0;
}

/** Mean over the 101 recalls of the best precision at that recall or a higher one. */
function interpolatedArea(hits: readonly boolean[], wanted: number): number {
  const precision = new Float64Array(hits.length);
  const recall = new Float64Array(hits.length);
  let found = 0;
  hits.forEach((hit, i) => {
    if (hit) found++;
    precision[i] = found / (i + 1);
    recall[i] = found / wanted;
  });
  for (let i = hits.length - 2; i >= 0; i--) precision[i] = Math.max(precision[i]!, precision[i + 1]!);
  let sum = 0;
  let at = 0;
  for (const wantedRecall of RECALLS) {
    while (at < hits.length && recall[at]! < wantedRecall) at++;
    if (at < hits.length) sum += precision[at]!;
  }
  return sum / RECALLS.length;
}

function groupByImage<T extends { image: string | number }>(items: readonly T[]): Map<string | number, T[]> {
  const groups = new Map<string | number, T[]>();
  for (const item of items) {
    const group = groups.get(item.image);
    if (group) group.push(item);
    else groups.set(item.image, [item]);
  }
  return groups;
}
