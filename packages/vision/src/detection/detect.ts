// Both stages on one picture, without the tape.

import type { NdArray } from '@tidecast/data';
import type { Image } from '../image/image.ts';
import { type Box, clipBox } from './box.ts';
import { decodeBox } from './box-code.ts';
import { REGION_CODE_SCALE } from './detection-layout.ts';
import type { Detector } from './detector.ts';
import type { Detection } from './mean-average-precision.ts';
import { pictureWriter } from './picture-writer.ts';
import { propose, runModel } from './propose.ts';
import { alignRegions } from './roi-align.ts';
import { suppressOverlaps } from './suppress-overlaps.ts';

/** What to return. */
export interface DetectOptions {
  /** Detections with a lower probability are dropped; default 0.05. */
  minScore?: number;
  /** At most so many, the surest; default 100. */
  maxDetections?: number;
  /** Of two detections of one class that overlap by more than this the surer is kept; default 0.5. */
  maxIou?: number;
  /** What `image` of each detection says; default 0. */
  name?: string | number;
}

/**
 * What a detector finds on a picture of any size, the surest first. Boxes are in pixels of the picture, scores are
 * probabilities.
 */
export function detect(detector: Detector, image: Image, options: DetectOptions = {}): Detection[] {
  const { minScore = 0.05, maxDetections = 100, maxIou = 0.5, name = 0 } = options;
  const { config, features, stride } = detector;
  const { input, classes, regionSize: size } = config;
  const picture = new Float32Array(input[0] * input[1] * input[2]);
  pictureWriter(detector)(image, picture);
  const map = runModel(detector.backbone, { data: picture, shape: [1, ...input] });
  const [regions = []] = propose(detector, runModel(detector.proposals, map));
  if (regions.length === 0) return [];
  const cut = new Float32Array(regions.length * size * size * features[2]);
  const align = { size, scale: 1 / stride };
  alignRegions(map.data, { shape: [1, ...features], boxes: regions.flat(), options: align }, cut);
  const said = runModel(detector.head, { data: cut, shape: [regions.length, size, size, features[2]] });
  const found = regions.map((region, i) => readRegion(said, i, region));
  const [down, across] = [image.height / input[0], image.width / input[1]];
  const detections = classes.flatMap((label, k) => {
    const boxes = found.map(({ box }) => clipBox(box, input[1], input[0]));
    const scores = found.map(({ probabilities }) => probabilities[k + 1]!);
    return suppressOverlaps(boxes, scores, { maxIou, minScore, maxBoxes: maxDetections }).map(
      (i): Detection => {
        const [x0, y0, x1, y1] = boxes[i]!;
        const box: Box = [x0 * across, y0 * down, x1 * across, y1 * down];
        return { image: name, label, box, score: scores[i]! };
      },
    );
  });
  return detections.sort((a, b) => b.score - a.score).slice(0, maxDetections);
}

/** Probabilities of nothing and each class, and the box, from row `index` of the head's output. */
function readRegion(
  { data, shape }: NdArray,
  index: number,
  region: Box,
): { probabilities: Float64Array; box: Box } {
  const width = shape[1]!;
  const row = data.subarray(index * width, (index + 1) * width);
  const logits = row.subarray(0, width - 4);
  const most = logits.reduce((a, b) => Math.max(a, b));
  const probabilities = Float64Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = probabilities.reduce((a, b) => a + b);
  const [sx, sy, sw, sh] = REGION_CODE_SCALE;
  const [x, y, w, h] = row.subarray(width - 4);
  return {
    probabilities: probabilities.map((each) => each / sum),
    box: decodeBox([x! / sx, y! / sy, w! / sw, h! / sh], region),
  };
}
