// The three networks of a detector as one model, for training: on the tape, or as one plan in which backbone, proposals, RoI
// Align and head follow each other.

import type { Tensor3D, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Block, PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import { deriveSeed } from '@tidecast/data';
import type { Model, PlannedStatistic } from '@tidecast/models';
import type { DetectionLayout } from './detection-layout.ts';
import { DETECTOR_PARTS, type Detector } from './detector.ts';
import { alignRegions, alignRegionsGradient, roiAlign } from './roi-align.ts';

type Part = (typeof DETECTOR_PARTS)[number];

/**
 * The detector as a model of rows: a picture and R regions in, the outputs of both stages out, as {@link DetectionLayout} has
 * them. The regions are given, so no gradient goes through where they are (approximate joint training, Ren et al. 2015).
 */
export function detectionModel(detector: Detector, layout: DetectionLayout): Model {
  const { config, features, stride, backbone, proposals, head } = detector;
  const { pixels, regions, anchors, classes } = layout;
  const align = { size: config.regionSize, scale: 1 / stride };
  const statistics = named((part) => detector[part].statistics ?? {});
  return {
    config: { input: [layout.input], layers: [{ type: 'detector', ...config, regions }] },
    weights: detector.weights,
    ...(Object.keys(statistics).length > 0 && { statistics }),
    apply(x, { training = false, seed, onStatistic, keepStatistics = [] } = {}) {
      return tf.tidy(() => {
        const batch = x.shape[0]!;
        const run = (part: Part, input: tf.Tensor) =>
          detector[part].apply(input, {
            training,
            ...(seed !== undefined && { seed: deriveSeed(seed, part) }),
            ...(onStatistic && { onStatistic: (name, next) => onStatistic(`${part}.${name}`, next) }),
            keepStatistics: keepStatistics.flatMap((name) => ownName(name, part) ?? []),
          });
        const picture = tf.reshape(tf.slice(x, [0, 0], [batch, pixels]), [batch, ...config.input]);
        const boxes = tf.reshape(tf.slice(x, [0, pixels], [batch, 4 * regions]), [batch, regions, 4]);
        const map = run('backbone', picture) as Tensor4D;
        const proposed = tf.reshape(run('proposals', map), [batch, 5 * anchors]);
        const cut = roiAlign(map, boxes as Tensor3D, align);
        const said = tf.reshape(run('head', cut), [batch, (classes + 5) * regions]);
        return tf.concat([proposed, said], 1);
      });
    },
    plan(plan, input, weights, { statistics: planned = {} } = {}) {
      const blocks = { weights, statistics: planned };
      const picture: Signal = { value: plan.block(plan.batch * pixels), shape: config.input };
      const corners = plan.block(plan.batch * 4 * regions);
      plan.forward(({ batch }) => {
        const rows = plan.view(input.value);
        const [pictures, boxes] = [plan.view(picture.value), plan.view(corners)];
        for (let b = 0; b < batch; b++) {
          const row = rows.subarray(b * layout.input, (b + 1) * layout.input);
          pictures.set(row.subarray(0, pixels), b * pixels);
          boxes.set(row.subarray(pixels), b * 4 * regions);
        }
      });
      const lay = (part: Part, of: Signal, rows = 1) =>
        planPart(plan, part, { ...blocks, model: { backbone, proposals, head }[part], input: of, rows });
      const map = lay('backbone', picture);
      if (typeof map === 'string') return `backbone: ${map}`;
      const [toProposals, toRegions] = shared(plan, map);
      const proposed = lay('proposals', toProposals);
      if (typeof proposed === 'string') return `proposals: ${proposed}`;
      const cells = features[0] * features[1] * features[2];
      const size = align.size ** 2 * features[2];
      const cut: Signal = {
        value: plan.block(plan.batch * regions * size),
        shape: [align.size, align.size, features[2]],
        ...(plan.training && { gradient: plan.block(plan.batch * regions * size) }),
      };
      const regionsOf = (batch: number) => ({
        shape: [batch, ...features] as const,
        boxes: plan.view(corners, batch * 4 * regions),
        options: align,
      });
      plan.forward(({ batch }) => {
        const result = plan.view(cut.value, batch * regions * size);
        alignRegions(plan.view(toRegions.value), regionsOf(batch), result);
      });
      if (cut.gradient && toRegions.gradient) {
        const [upper, gradient] = [cut.gradient, toRegions.gradient];
        plan.backward(({ batch }) => {
          const into = plan.view(gradient, batch * cells);
          alignRegionsGradient(plan.view(upper), regionsOf(batch), into);
        });
      }
      const said = lay('head', cut, regions);
      if (typeof said === 'string') return `head: ${said}`;
      return joined(plan, [
        { signal: proposed, width: 5 * anchors },
        { signal: said, width: (classes + 5) * regions },
      ]);
    },
    dispose: detector.dispose,
  };
}

/** Entries of all three networks, by part and name. */
function named<T>(entriesOf: (part: Part) => Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    DETECTOR_PARTS.flatMap((part) =>
      Object.entries(entriesOf(part)).map(([name, entry]) => [`${part}.${name}`, entry] as const),
    ),
  );
}

/** The name within `part`, where it is of that part. */
function ownName(name: string, part: Part): string | undefined {
  return name.startsWith(`${part}.`) ? name.slice(part.length + 1) : undefined;
}

function ownEntries<T>(entries: Readonly<Record<string, T>>, part: Part): Record<string, T> {
  return Object.fromEntries(
    Object.entries(entries).flatMap(([name, entry]) => {
      const own = ownName(name, part);
      return own === undefined ? [] : [[own, entry] as const];
    }),
  );
}

/** A network of the detector in the plan, on `rows` inputs for each example, with random choices of its own. */
function planPart(
  plan: PlanBuilder,
  part: Part,
  call: {
    model: Model;
    input: Signal;
    rows: number;
    weights: Readonly<Record<string, PlannedWeight>>;
    statistics: Readonly<Record<string, PlannedStatistic>>;
  },
): Signal | string {
  const { model, input, rows } = call;
  const own = { batch: 0, seed: 0 };
  plan.forward(({ batch, seed }) => {
    own.batch = batch * rows;
    own.seed = deriveSeed(seed, part);
  });
  const batch = plan.batch * rows;
  const inner: PlanBuilder = {
    ...plan,
    batch,
    signal(shape, mask) {
      const floats = batch * shape.reduce((product, size) => product * size, 1);
      return {
        ...{ value: plan.block(floats), shape },
        ...(plan.training && { gradient: plan.block(floats) }),
        ...(mask && { mask }),
      };
    },
    forward: (step) => plan.forward(() => step(own)),
    backward: (step) => plan.backward(() => step(own)),
  };
  const weights = ownEntries(call.weights, part);
  const statistics = ownEntries(call.statistics, part);
  return model.plan?.(inner, input, weights, { statistics }) ?? 'the model has no planned form';
}

/** A value for two readers: each writes a gradient of its own, and a step behind both adds them up. */
function shared(plan: PlanBuilder, { value, shape, gradient }: Signal): [Signal, Signal] {
  if (!gradient)
    return [
      { value, shape },
      { value, shape },
    ];
  const parts = [plan.block(gradient.length), plan.block(gradient.length)] as const;
  const size = shape.reduce((product, each) => product * each, 1);
  plan.backward(({ batch }) => {
    const sum = plan.view(gradient, batch * size);
    const [first, second] = [plan.view(parts[0]), plan.view(parts[1])];
    for (let i = 0; i < sum.length; i++) sum[i] = first[i]! + second[i]!;
  });
  return [
    { value, shape, gradient: parts[0] },
    { value, shape, gradient: parts[1] },
  ];
}

/** Rows of several values, one behind the other. */
function joined(plan: PlanBuilder, parts: readonly { signal: Signal; width: number }[]): Signal {
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const output = plan.signal([width]);
  const eachRow = (batch: number, copy: (part: number, row: number, start: number) => void) => {
    let start = 0;
    for (const [i, part] of parts.entries()) {
      for (let b = 0; b < batch; b++) copy(i, b, b * width + start);
      start += part.width;
    }
  };
  const views = (block: (signal: Signal) => Block) => parts.map(({ signal }) => plan.view(block(signal)));
  plan.forward(({ batch }) => {
    const [whole, own] = [plan.view(output.value), views(({ value }) => value)];
    eachRow(batch, (part, row, start) => {
      const { width: size } = parts[part]!;
      whole.set(own[part]!.subarray(row * size, (row + 1) * size), start);
    });
  });
  const { gradient } = output;
  if (!gradient) return output;
  plan.backward(({ batch }) => {
    const [whole, own] = [plan.view(gradient), views((signal) => signal.gradient!)];
    eachRow(batch, (part, row, start) => {
      const { width: size } = parts[part]!;
      own[part]!.set(whole.subarray(start, start + size), row * size);
    });
  });
  return output;
}
