// How pictures, regions, outputs and targets of a detector in training stand in flat rows, so that a detector trains like
// any other model: one input, one output, one array of targets and one of weights.

import type { Detector } from './detector.ts';

/** Sizes of what stands in a row. */
export interface DetectionLayout {
  /** Values of a picture; behind them the input has the corners of the regions. */
  pixels: number;
  /** Anchors N. */
  anchors: number;
  /** Regions of a picture R. */
  regions: number;
  /** Classes K. */
  classes: number;
  /** Length of an input: picture, R · 4 corners. */
  input: number;
  /** Length of an output: N · (logit, code), R · (K + 1 logits, code). */
  output: number;
  /** Length of the targets and their weights: N · (1 or 0, code), R · (class or 0 for nothing, code). */
  targets: number;
}

/** What one anchor or region has in the targets: what it is, and the four numbers of its box. */
export const TARGET_SIZE = 5;

/** The code of a region's box is learned times this, so that its parts are about 1 (Girshick 2015). */
export const REGION_CODE_SCALE = [10, 10, 5, 5] as const;

export function detectionLayout({ config, anchors }: Detector, regions: number): DetectionLayout {
  const pixels = config.input.reduce((product, size) => product * size, 1);
  const classes = config.classes.length;
  return {
    ...{ pixels, anchors: anchors.length, regions, classes },
    input: pixels + 4 * regions,
    output: TARGET_SIZE * anchors.length + (classes + TARGET_SIZE) * regions,
    targets: TARGET_SIZE * (anchors.length + regions),
  };
}
