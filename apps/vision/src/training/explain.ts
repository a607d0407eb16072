// Pictures to look at: right ones and the most confident mistakes, each with where the network looked.

import { mostConfidentMistakes } from '@tidecast/eval';
import { summarize } from '@tidecast/models';
import {
  fitToInput,
  gradCam,
  type Image,
  type ImageClassifier,
  type ImageDecoder,
  occlusionMap,
  overlayHeatMap,
} from '@tidecast/vision';
import type { ExplainedPicture, TestResult, TrainingRun } from './training-run.ts';

/** Pictures of each kind. */
const SHOWN = 12;

/** The picture as the network gets it, with where its likeliest class was seen over it. */
export async function heatPicture(classifier: ImageClassifier, picture: Image): Promise<Image> {
  const image = fitToInput(classifier.model, picture);
  return overlayHeatMap(image, await heatMaps(classifier).map(image));
}

/** Explains some of the tested pictures. */
export async function explainSome(
  classifier: ImageClassifier,
  test: TestResult,
  { decode, signal }: { decode: ImageDecoder; signal?: AbortSignal },
): Promise<Pick<TrainingRun, 'right' | 'wrong' | 'explainedBy'>> {
  const { labels, probabilities, items } = test;
  const classes = classifier.classes.length;
  const explain = heatMaps(classifier);
  const explained = async (index: number, predicted: number, probability: number) => {
    signal?.throwIfAborted();
    const { path } = items[index]!;
    const image = fitToInput(classifier.model, await decode(path, { file: path }));
    const heat = overlayHeatMap(image, await explain.map(image, predicted));
    return { path, actual: labels[index]!, predicted, probability, image, heat };
  };
  const right: ExplainedPicture[] = [];
  for (const index of rightOnes(test, classes)) {
    right.push(await explained(index, labels[index]!, probabilities[index * classes + labels[index]!]!));
  }
  const wrong: ExplainedPicture[] = [];
  for (const mistake of mostConfidentMistakes(probabilities, labels, { classes, count: SHOWN })) {
    wrong.push(await explained(mistake.index, mistake.predicted, mistake.probability));
  }
  return { right, wrong, explainedBy: explain.by };
}

/** Grad-CAM where the network has maps; else covering the picture part by part. */
function heatMaps({ model, normalise }: ImageClassifier) {
  const maps = summarize(model).rows.some(({ outputShape }) => outputShape.length === 3);
  if (maps) {
    const map = (image: Image, picked?: number) => gradCam(model, image, { class: picked, normalise });
    return { by: 'Grad-CAM' as const, map };
  }
  const map = (image: Image, picked?: number) => occlusionMap(model, image, { class: picked, normalise });
  return { by: 'occlusion' as const, map };
}

/** Right ones of each class in turn. */
function rightOnes({ labels, probabilities }: TestResult, classes: number): number[] {
  const byClass = Array.from({ length: classes }, (): number[] => []);
  for (let i = 0; i < labels.length; i++) {
    const row = probabilities.subarray(i * classes, (i + 1) * classes);
    if (row.indexOf(Math.max(...row)) === labels[i]) byClass[labels[i]!]!.push(i);
  }
  const chosen: number[] = [];
  for (let round = 0; chosen.length < SHOWN; round++) {
    const more = byClass.flatMap((own) => own[round] ?? []);
    if (more.length === 0) break;
    chosen.push(...more);
  }
  return chosen.slice(0, SHOWN);
}
