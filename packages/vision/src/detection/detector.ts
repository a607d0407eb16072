// A two-stage detector as its three networks (Ren, He, Girshick and Sun 2015, Faster R-CNN, with the RoI Align of He et al.
// 2017): a backbone makes a feature map, a small network on it proposes regions, and another one says what each region holds.

import type { Variable } from '@tensorflow/tfjs-core';
import { deriveSeed } from '@tidecast/data';
import { createModel, type Model } from '@tidecast/models';
import { createAnchors } from './anchors.ts';
import type { Box } from './box.ts';
import {
  type DetectorConfig,
  type DetectorSettings,
  type ResolvedDetector,
  resolveDetector,
} from './detector-config.ts';

/** A detector: {@link detect} uses it, `detectorTraining` trains it. */
export interface Detector {
  /** JSON that rebuilds it: `createDetector(config)`. */
  readonly config: DetectorConfig;
  /** Shape of the feature map. */
  readonly features: readonly [rows: number, columns: number, features: number];
  /** Pixels between two cells of it. */
  readonly stride: number;
  /** The boxes that proposals start from, by rows, columns, sizes, ratios. */
  readonly anchors: readonly Box[];
  /** Pictures to feature maps. */
  readonly backbone: Model;
  /** Feature maps to `[rows, columns, shapes · 5]`: of each anchor a logit and the code of a box. */
  readonly proposals: Model;
  /** Regions `[P, P, F]` to `[classes + 5]`: logits of nothing and of each class, and the code of a box. */
  readonly head: Model;
  /** Weights of all three, by name: `backbone.0.cnn2d.kernel`. */
  readonly weights: Readonly<Record<string, Variable>>;
  dispose(): void;
}

/** The three networks of a detector, by the names their weights begin with. */
export const DETECTOR_PARTS = ['backbone', 'proposals', 'head'] as const;

/** How a detector is made. */
export interface CreateDetectorOptions {
  /** Decides the first weights; default 0. */
  seed?: number;
  /**
   * A trained backbone: a model of `[B, H, W, C] → [B, h, w, F]`, whose layers take the place of those in the settings. It
   * belongs to the detector from then on.
   */
  backbone?: Model;
}

/**
 * A new detector: `createDetector({ classes: ['boat', 'buoy'], input: [96, 96, 3] }, { seed })`.
 * @throws if a setting is out of bounds, the networks do not fit each other, or no backend is ready.
 */
export function createDetector(
  settings: DetectorSettings,
  { seed = 0, backbone: given }: CreateDetectorOptions = {},
): Detector {
  if (given && settings.backbone) {
    throw new Error('createDetector: expected a backbone as layers or as a model, got both. Leave one out.');
  }
  const input = given?.config.input ?? settings.input;
  if (given && (input.length !== 3 || input.some((size, axis) => size !== settings.input[axis]))) {
    throw new Error(
      `createDetector: the backbone must take pictures of [${settings.input.join(', ')}], it takes [${input.join(', ')}].`,
    );
  }
  const resolved = resolveDetector({ ...settings, ...(given && { backbone: given.config.layers }) });
  return assembleDetector(resolved, {
    backbone: given ?? createModel(resolved.backbone, { seed: deriveSeed(seed, 'backbone') }),
    proposals: createModel(resolved.proposals, { seed: deriveSeed(seed, 'proposals') }),
    head: createModel(resolved.head, { seed: deriveSeed(seed, 'head') }),
  });
}

/** The detector of three networks that fit its config. */
export function assembleDetector(
  { config, features, stride }: ResolvedDetector,
  parts: Record<(typeof DETECTOR_PARTS)[number], Model>,
): Detector {
  const weights = DETECTOR_PARTS.flatMap((part) =>
    Object.entries(parts[part].weights).map(([name, variable]) => [`${part}.${name}`, variable] as const),
  );
  return {
    ...{ config, features, stride, ...parts },
    anchors: createAnchors({
      ...{ rows: features[0], columns: features[1], stride },
      ...{ sizes: config.anchorSizes, ratios: config.anchorRatios },
    }),
    weights: Object.freeze(Object.fromEntries(weights)),
    dispose() {
      for (const part of DETECTOR_PARTS) parts[part].dispose();
    },
  };
}
