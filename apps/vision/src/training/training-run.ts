// What a training leaves behind, as data for the report, the files and the screen.

import type { History } from '@tidecast/train';
import type { Image, ImageClassifier, ImageItem } from '@tidecast/vision';
import type { TrainingOptions } from './options.ts';

/** Scores on pictures that trained nothing and decided nothing. */
export interface TestResult {
  items: readonly ImageItem[];
  labels: Uint32Array;
  /** `[N, K]`, calibrated. */
  probabilities: Float32Array;
  /** `[N, K]`, as the network says them. */
  rawProbabilities: Float32Array;
  accuracy: number;
  balancedAccuracy: number;
  /** Expected calibration error before and after the temperature. */
  rawCalibrationError: number;
  calibrationError: number;
}

/** A picture with what the network saw in it. */
export interface ExplainedPicture {
  path: string;
  actual: number;
  predicted: number;
  probability: number;
  /** As the network gets it. */
  image: Image;
  /** The same with the heat map of the predicted class over it. */
  heat: Image;
}

/** The options as they are told to readers: a pretrained network is the one in its file, whatever the options name. */
export type ToldOptions = Omit<TrainingOptions, 'pretrained' | 'network'> & {
  network: TrainingOptions['network'] | 'pretrained';
  pretrained: boolean;
};

/** A whole training. */
export interface TrainingRun {
  options: ToldOptions;
  classifier: ImageClassifier;
  history: History;
  seconds: number;
  backend: string;
  /** Whether updates ran as a plan or on the tape. */
  path: 'planned' | 'tape';
  parameters: number;
  /** Pictures of each part by class. */
  counts: Readonly<Record<'train' | 'validation' | 'test', readonly number[]>>;
  refused: readonly { path: string; reason: string }[];
  test: TestResult;
  /** How the heat maps were made. */
  explainedBy: 'Grad-CAM' | 'occlusion';
  right: readonly ExplainedPicture[];
  /** The most confident mistakes. */
  wrong: readonly ExplainedPicture[];
  /** A contact sheet of pictures as training gets them. */
  augmented: Image;
}
