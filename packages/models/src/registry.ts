// The kinds of layers there are. The built-in ones stand in one list; others join by an explicit call.

import type { LayerDefinition } from './layer-definition.ts';
import { activationLayer } from './layers/activation.ts';
import { batchNormLayer } from './layers/batch-norm.ts';
import { bottleneckLayer } from './layers/bottleneck.ts';
import { branchesLayer } from './layers/branches.ts';
import { cnn1dLayer } from './layers/cnn1d.ts';
import { cnn2dLayer } from './layers/cnn2d.ts';
import { denseLayer } from './layers/dense.ts';
import { depthwiseCnn2dLayer } from './layers/depthwise-cnn2d.ts';
import { dropoutLayer } from './layers/dropout.ts';
import { embeddingLayer } from './layers/embedding.ts';
import { flattenLayer } from './layers/flatten.ts';
import { globalPool1dLayer } from './layers/global-pool1d.ts';
import { globalPool2dLayer } from './layers/global-pool2d.ts';
import { gruLayer } from './layers/gru.ts';
import { lstmLayer } from './layers/lstm.ts';
import { averagePool1dLayer, maxPool1dLayer } from './layers/pool1d.ts';
import { averagePool2dLayer, maxPool2dLayer } from './layers/pool2d.ts';
import { repeatLayer } from './layers/repeat.ts';
import { reshapeLayer } from './layers/reshape.ts';
import { residualLayer } from './layers/residual.ts';
import { rnnLayer } from './layers/rnn.ts';
import { samplingLayer } from './layers/sampling.ts';
import { upsample1dLayer, upsample2dLayer } from './layers/upsample.ts';
import { describe } from './settings.ts';

const definitions = new Map<string, LayerDefinition>(
  Object.entries({
    rnn: rnnLayer,
    lstm: lstmLayer,
    gru: gruLayer,
    cnn1d: cnn1dLayer,
    maxPool1d: maxPool1dLayer,
    averagePool1d: averagePool1dLayer,
    globalPool1d: globalPool1dLayer,
    cnn2d: cnn2dLayer,
    depthwiseCnn2d: depthwiseCnn2dLayer,
    maxPool2d: maxPool2dLayer,
    averagePool2d: averagePool2dLayer,
    globalPool2d: globalPool2dLayer,
    dense: denseLayer,
    batchNorm: batchNormLayer,
    activation: activationLayer,
    embedding: embeddingLayer,
    dropout: dropoutLayer,
    flatten: flattenLayer,
    reshape: reshapeLayer,
    repeat: repeatLayer,
    upsample1d: upsample1dLayer,
    upsample2d: upsample2dLayer,
    branches: branchesLayer({ find: findLayer, types: layerTypes }),
    residual: residualLayer({ find: findLayer, types: layerTypes }),
    bottleneck: bottleneckLayer,
    sampling: samplingLayer,
  } as unknown as Record<string, LayerDefinition>),
);

/**
 * Adds a kind of layer, so that `{ type, … }` may stand in a config. Returns a function that takes it out again.
 * @throws if the type is taken, or is not a plain word (it becomes part of weight names).
 */
export function registerLayer<S extends object>(type: string, definition: LayerDefinition<S>): () => void {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(type)) {
    throw new Error(`registerLayer: type must be letters and digits, got ${describe(type)}.`);
  }
  if (definitions.has(type)) {
    throw new Error(`registerLayer: the type '${type}' is taken. Choose another name.`);
  }
  const entry = definition as unknown as LayerDefinition;
  definitions.set(type, entry);
  return () => {
    if (definitions.get(type) === entry) definitions.delete(type);
  };
}

/** The definition of a type, or undefined. */
export function findLayer(type: string): LayerDefinition | undefined {
  return definitions.get(type);
}

/** All known types. */
export function layerTypes(): string[] {
  return [...definitions.keys()];
}
