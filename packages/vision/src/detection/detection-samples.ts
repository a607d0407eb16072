// Annotated pictures as samples of a detector: which anchors are something, and which regions the second stage looks at.
// Those regions are what the first stage proposes at that moment, so a batch depends on the detector's weights too.

import { createRandom, type Draw, type Samples } from '@tidecast/data';
import type { TransformConfig } from '../transforms/transform-config.ts';
import { transformBoxed } from '../transforms/transforms.ts';
import { type AnnotatedImage, checkAnnotated } from './annotated-image.ts';
import { assignBoxes, NOTHING, sampleAssigned } from './assign-boxes.ts';
import { areaOf, type Box } from './box.ts';
import { type BoxCode, encodeBox } from './box-code.ts';
import { type DetectionLayout, REGION_CODE_SCALE, TARGET_SIZE } from './detection-layout.ts';
import type { Detector } from './detector.ts';
import { pictureWriter } from './picture-writer.ts';
import { propose, runModel } from './propose.ts';

/** How pictures become samples. */
export interface DetectionSamplesOptions {
  layout: DetectionLayout;
  /** Anchors that an update looks at in each picture. */
  sampledAnchors: number;
  transforms: readonly TransformConfig[];
}

/** A picture at the size of the detector, its boxes along. */
interface Prepared {
  image: AnnotatedImage['image'];
  boxes: Box[];
  labels: readonly number[];
  ignored: Box[];
}

/** The samples of `images`. @throws if annotations do not fit. */
export function detectionSamples(
  detector: Detector,
  images: readonly AnnotatedImage[],
  { layout, sampledAnchors, transforms }: DetectionSamplesOptions,
): Samples {
  const { config, anchors } = detector;
  checkAnnotated(images, config.classes);
  const { pixels, regions } = layout;
  const write = pictureWriter(detector);
  const shape = [...config.input];
  return {
    count: images.length,
    xShape: [layout.input],
    yShape: [layout.targets],
    batch(indices, draw) {
      const batch = indices.length;
      const pictures = new Float32Array(batch * pixels);
      const prepared: Prepared[] = [];
      for (let b = 0; b < batch; b++) {
        const given = images[indices[b]!];
        if (!given)
          throw new Error(
            `detection: index ${indices[b]} is out of range, there are ${images.length} pictures.`,
          );
        const one = prepare(detector, given, { transforms, random: randomOf(draw, b, 'transform') });
        write(one.image, pictures.subarray(b * pixels, (b + 1) * pixels));
        prepared.push(one);
      }
      const map = runModel(detector.backbone, { data: pictures, shape: [batch, ...shape] });
      const proposed = propose(detector, runModel(detector.proposals, map));
      const x = new Float32Array(batch * layout.input);
      const y = new Float32Array(batch * layout.targets);
      const weight = new Float32Array(batch * layout.targets);
      prepared.forEach(({ boxes, labels, ignored }, b) => {
        const from = b * layout.input;
        x.set(pictures.subarray(b * pixels, (b + 1) * pixels), from);
        const into = (at: number, kind: number, code?: BoxCode) => {
          const start = b * layout.targets + TARGET_SIZE * at;
          y[start] = kind;
          weight[start] = 1;
          if (!code) return;
          y.set(code, start + 1);
          weight.fill(1, start + 1, start + TARGET_SIZE);
        };
        const ofAnchors = assignBoxes(anchors, boxes, {
          something: 0.7,
          nothing: 0.3,
          everyBox: true,
          ignored,
        });
        for (const anchor of sampleAssigned(ofAnchors, sampledAnchors, randomOf(draw, b, 'anchors'))) {
          const box = ofAnchors[anchor]!;
          if (box === NOTHING) into(anchor, 0);
          else into(anchor, 1, encodeBox(boxes[box]!, anchors[anchor]!));
        }
        // The boxes themselves are among the regions: in the beginning hardly a proposal overlaps one.
        const candidates = [...boxes, ...proposed[b]!];
        const ofRegions = assignBoxes(candidates, boxes, {
          something: 0.5,
          nothing: 0.5,
          everyBox: false,
          ignored,
        });
        sampleAssigned(ofRegions, regions, randomOf(draw, b, 'regions')).forEach((candidate, region) => {
          const box = ofRegions[candidate]!;
          const corners = candidates[candidate]!;
          x.set(corners, from + pixels + 4 * region);
          if (box === NOTHING) into(layout.anchors + region, 0);
          else into(layout.anchors + region, 1 + labels[box]!, scaled(encodeBox(boxes[box]!, corners)));
        });
      });
      return {
        x: { data: x, shape: [batch, layout.input] },
        y: { data: y, shape: [batch, layout.targets] },
        weight: { data: weight, shape: [batch, layout.targets] },
      };
    },
  };
}

/** What decides one random choice about an example; without a draw always the same. */
function randomOf(draw: Draw | undefined, b: number, what: string) {
  const { seed = 0, epoch = 0, position = 0 } = draw ?? {};
  const random = createRandom(seed, 'detection', what, epoch, position + b);
  return { ...random, drawn: draw !== undefined };
}

function prepare(
  { config: { input, classes } }: Detector,
  { image, boxes, labels, ignore }: AnnotatedImage,
  { transforms, random }: { transforms: readonly TransformConfig[]; random: ReturnType<typeof randomOf> },
): Prepared {
  const moved = random.drawn
    ? transformBoxed({ image, boxes }, transforms, { seed: random.integer(2 ** 31) })
    : { image, boxes, kept: boxes.map((_, i) => i) };
  const [down, across] = [input[0] / moved.image.height, input[1] / moved.image.width];
  const things = moved.kept
    .map((from, i) => {
      const [x0, y0, x1, y1] = moved.boxes[i]!;
      const box: Box = [x0 * across, y0 * down, x1 * across, y1 * down];
      return { box, label: classes.indexOf(labels[from]!), ignore: ignore?.[from] ?? false };
    })
    .filter(({ box }) => areaOf(box) > 0);
  const wanted = things.filter((thing) => !thing.ignore);
  return {
    image: moved.image,
    boxes: wanted.map(({ box }) => box),
    labels: wanted.map(({ label }) => label),
    ignored: things.filter((thing) => thing.ignore).map(({ box }) => box),
  };
}

function scaled(code: BoxCode): BoxCode {
  const [x, y, width, height] = REGION_CODE_SCALE;
  return [code[0] * x, code[1] * y, code[2] * width, code[3] * height];
}
