// A detector as what training takes: a model, samples and a loss, for `fit` or for a loop of one's own.

import type { Samples } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkTransforms } from '../transforms/check-transforms.ts';
import type { TransformConfig } from '../transforms/transform-config.ts';
import type { VisionLoss } from '../vision-loss.ts';
import type { AnnotatedImage } from './annotated-image.ts';
import { detectionLayout } from './detection-layout.ts';
import { detectionLoss } from './detection-loss.ts';
import { detectionModel } from './detection-model.ts';
import { detectionSamples } from './detection-samples.ts';
import type { Detector } from './detector.ts';

/** How a detector is trained. */
export interface DetectorTrainingOptions {
  /** Regions of each picture that the second stage learns from in an update; default 32. */
  regions?: number;
  /** Anchors of each picture that the first stage learns from in an update; default 64. */
  sampledAnchors?: number;
  /** Augmentation, drawn anew each epoch; boxes move along. Default none. */
  transforms?: readonly TransformConfig[];
}

/**
 * What `fit` takes: `fit(model, samples, { loss, … })` trains the detector in place, and all but its backbone with
 * `freeze: ['backbone']`.
 */
export interface DetectorTraining {
  model: Model;
  samples: Samples;
  loss: VisionLoss;
}

/**
 * Both stages of a detector in one training, approximately joint (Ren et al. 2015, section 3.2): every batch brings the
 * regions that the first stage proposes at that moment, and both losses reach the backbone.
 * The model shares the weights of the detector. Its samples look at them, so they are for training this detector alone.
 * @throws if an option is out of bounds, or boxes and labels do not fit.
 */
export function detectorTraining(
  detector: Detector,
  images: readonly AnnotatedImage[],
  options: DetectorTrainingOptions = {},
): DetectorTraining {
  const { regions = 32, sampledAnchors = 64, transforms = [] } = options;
  for (const [name, value] of Object.entries({ regions, sampledAnchors })) {
    if (!(Number.isInteger(value) && value >= 2 && value <= 4096)) {
      throw new Error(`detectorTraining: ${name} must be a whole number from 2 to 4096, got ${value}.`);
    }
  }
  checkTransforms(transforms);
  const layout = detectionLayout(detector, regions);
  return {
    model: detectionModel(detector, layout),
    samples: detectionSamples(detector, images, { layout, sampledAnchors, transforms }),
    loss: detectionLoss(layout),
  };
}
