// The two halves of an autoencoder, as models over the same weights: what is trained further is seen by both at once.

import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig, ModelConfig } from '../config.ts';
import { createInference, type NetworkVariables } from '../inference.ts';
import type { LayerResult } from '../layer-definition.ts';
import { zeroMasked } from '../layers/masks.ts';
import type { Model } from '../model.ts';
import { planLayers } from '../plan-layers.ts';
import { resolveModel } from '../resolve.ts';
import type { ResolvedLayer } from '../resolve-layers.ts';
import { formatShape, type Shape } from '../shape.ts';
import { ownEntries } from '../states.ts';

/**
 * The encoder of an `autoencoder` (inputs to `[B, L]`) or a `vae` (inputs to `[B, 2L + K]`: means, log-variances, class
 * logits), over the weights of `model`. Disposing of it leaves them; it is of no use once `model` is gone.
 * @throws where the network has no bottleneck.
 */
export function encoderOf(model: Model): Model {
  const { input, layers } = model.config;
  const { encoder } = halvesOf(model.config);
  return overWeights({ input, layers: layers.slice(0, encoder) }, model, 0, '');
}

/**
 * The decoder of an `autoencoder` or a `vae` (`[B, L]` to the shape in which it was given), over the weights of `model`.
 * @throws where the network has no bottleneck, or nothing behind it.
 */
export function decoderOf(model: Model): Model {
  const { decoder, shape, first, prefix } = halvesOf(model.config);
  return overWeights({ input: shape as number[], layers: decoder }, model, first, prefix);
}

interface Halves {
  /** Number of layers of the encoder. */
  encoder: number;
  decoder: readonly LayerConfig[];
  /** Shape of the code. */
  shape: Shape;
  /** Position of the decoder's first layer, and what stands before it in the names of its weights. */
  first: number;
  prefix: string;
}

function halvesOf(config: ModelConfig): Halves {
  const { layers } = resolveModel(config);
  for (const [index, { type, settings, outputShape }] of layers.entries()) {
    if (type === 'bottleneck') {
      const decoder = config.layers.slice(index + 1);
      return { encoder: index, decoder, shape: outputShape, first: index + 1, prefix: '' };
    }
    if (type !== 'branches') continue;
    const lists = settings.branches as readonly (readonly LayerConfig[])[];
    const branch = lists.findIndex(([start]) => start?.type === 'sampling');
    if (branch < 0) continue;
    const [start, ...rest] = lists[branch]!;
    // The last layer lays the reconstruction flat for the output of the whole; the decoder keeps its shape.
    const decoder = rest.at(-1)?.type === 'flatten' ? rest.slice(0, -1) : rest;
    const shape = [(start as unknown as { latent: number }).latent];
    return { encoder: index, decoder, shape, first: 1, prefix: `${index}.branches.${branch}.` };
  }
  throw new Error(
    'encoderOf, decoderOf: expected a network with a bottleneck, got ' +
      `${layers.map(({ type }) => type).join(', ')}. Make it by autoencoder(…) or vae(…).`,
  );
}

/** A model of `config` over the weights of `whole`, where its layers begin at `first` under names with `prefix`. */
function overWeights(config: ModelConfig, whole: Model, first: number, prefix: string): Model {
  const resolved = resolveModel(config);
  const { layers } = resolved;
  const halfOf = (all: Readonly<Record<string, Variable>> = {}) =>
    Object.fromEntries(
      layers.flatMap(({ name, type }, index) =>
        Object.entries(ownEntries(`${prefix}${first + index}.${type}`, all)).map(([own, variable]) => [
          `${name}.${own}`,
          variable,
        ]),
      ),
    );
  const weights = halfOf(whole.weights);
  const statistics = halfOf(whole.statistics);
  const inference = createInference(layers, { weights, statistics });
  const check = (x: readonly number[]) => {
    const { input } = resolved.config;
    const fits =
      x.length === input.length + 1 && input.every((size, i) => size === null || size === x[i + 1]);
    if (!fits) throw new Error(`${layers[0]!.type}: x must be ${formatShape(input)}, got [${x.join(', ')}].`);
  };
  return {
    config: resolved.config,
    weights: Object.freeze(weights),
    ...(whole.statistics && { statistics: Object.freeze(statistics) }),
    apply(x, { training = false, mask } = {}) {
      check(x.shape);
      if (training) {
        throw new Error(
          'encoderOf, decoderOf: a half is for running. Train the whole network, and it follows.',
        );
      }
      return tf.tidy(() => run(layers, { weights, statistics }, x, mask));
    },
    plan: (plan, input, blocks, parts) => planLayers(layers, plan, input, blocks, parts),
    infer(x, mask) {
      check(x.shape);
      return tf.getBackend() === 'wasm' ? inference.run(x, { mask })?.output : undefined;
    },
    dispose: inference.dispose,
  };
}

function run(
  layers: readonly ResolvedLayer[],
  { weights, statistics }: NetworkVariables,
  x: Tensor,
  mask: Tensor | undefined,
): Tensor {
  let state: LayerResult = mask ? { x: zeroMasked(x, mask), mask: tf.cast(mask, 'float32') } : { x };
  for (const { definition, settings, name } of layers) {
    const measured = Object.entries(ownEntries(name, statistics));
    state = definition.apply({
      settings: settings as Record<string, unknown>,
      weights: ownEntries(name, weights),
      statistics: Object.fromEntries(measured.map(([own, value]) => [own, { value }])),
      ...state,
      training: false,
    });
  }
  return state.x === x ? tf.clone(x) : state.x;
}
