// What fuse leaves alone and why, and that saved models stay the same; the way back.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import { fuse, unfuse } from '../src/index.ts';
import { expectSame, gru, lstm, lstmCell, simpleRNN, simpleRNNCell, twins } from './fuse-twins.ts';
import { noise } from './reference/support.ts';

type RNNCell = layers.RNN['cell'];

setUpBackend();

const { bidirectional, dense, rnn, timeDistributed } = layers.layers;
const [B, T, C] = [4, 5, 3];
const inputShape = [T, C];
const sequences = (seed = 1) => tf.tensor3d(noise(B * T * C, seed), [B, T, C]);
const sequential = (...of: layers.layers.Layer[]) => layers.sequential({ layers: of });
const cell = (of: layers.layers.Layer) => of as RNNCell;

describe('fuse says', () => {
  it('by their paths which layers run fused, again when called again', () => {
    const encoder = layers.sequential({
      name: 'encoder',
      layers: [
        bidirectional({
          name: 'both',
          layer: lstm({ name: 'inner', units: 2, returnSequences: true }) as layers.RNN,
          mergeMode: 'concat',
          inputShape,
        }),
      ],
    });
    const model = sequential(encoder, gru({ name: 'last', units: 2 }), dense({ units: 1 }));
    const paths = ['encoder/both/forward_inner', 'encoder/both/backward_inner', 'last'];
    expect(fuse(model)).toEqual({ fused: paths, left: [] });
    expect(fuse(model)).toEqual({ fused: paths, left: [] });
    model.dispose();
  });

  it('what it leaves alone and why', () => {
    class Scaled extends layers.RNN {
      static override className = 'Scaled';
    }
    const odd = lstm({
      name: 'softsign',
      units: 2,
      activation: 'softsign',
      inputShape,
      returnSequences: true,
    });
    const replaced = gru({ name: 'replaced', units: 2, returnSequences: true });
    replaced.call = (inputs) => inputs;
    const derived = new (class extends (odd.constructor as new (args: object) => layers.layers.Layer) {})({
      name: 'derived',
      recurrentInitializer: 'zeros',
      units: 2,
      returnSequences: true,
    });
    const model = sequential(
      odd,
      replaced,
      derived,
      new Scaled({ name: 'scaled', cell: cell(simpleRNNCell({ units: 2 })), returnSequences: true }),
      rnn({ name: 'cells', cell: [cell(lstmCell({ units: 2 }))], returnSequences: true }),
      rnn({ name: 'cell', cell: cell(lstmCell({ units: 2, dropout: 0.1 })), returnSequences: true }),
      simpleRNN({ name: 'dropping', units: 2, recurrentDropout: 0.1 }),
    );
    expect(fuse(model)).toEqual({
      fused: ['dropping'],
      left: [
        { layer: 'softsign', reason: 'the fused ops do not know its activation, softsign' },
        { layer: 'replaced', reason: 'its call has been replaced' },
        {
          layer: 'derived',
          reason: "its class, LSTM, is not tfjs-layers's own LSTM, GRU, SimpleRNN or RNN",
        },
        {
          layer: 'scaled',
          reason: "its class, Scaled, is not tfjs-layers's own LSTM, GRU, SimpleRNN or RNN",
        },
        {
          layer: 'cells',
          reason: "its cell, StackedRNNCells, is not tfjs-layers's own LSTMCell, GRUCell or SimpleRNNCell",
        },
        {
          layer: 'cell',
          reason: 'it has dropout in a cell of its own, where tfjs-layers draws once and for all',
        },
        { layer: 'dropping', reason: 'recurrentDropout: its training steps run as before' },
      ],
    });
    model.dispose();
  });

  it('ConvLSTM2D is left alone, TimeDistributed looked into', () => {
    const model = sequential(
      layers.layers.convLstm2d({
        name: 'images',
        recurrentInitializer: 'zeros',
        filters: 2,
        kernelSize: 2,
        returnSequences: true,
        inputShape: [2, 4, 4, 1],
      }),
      layers.layers.reshape({ targetShape: [2, 9, 2] }),
      timeDistributed({ name: 'each', layer: lstm({ name: 'inner', units: 2 }) }),
    );
    const { fused, left } = fuse(model);
    expect(fused).toEqual(['each/inner']);
    expect(left.map(({ layer }) => layer)).toEqual(['images']);
    model.dispose();
  });

  it('what a model is, given something else', () => {
    for (const wrong of [{}, null, 7] as unknown as layers.LayersModel[]) {
      expect(() => fuse(wrong)).toThrow(/fuse: model must be a model of tfjs-layers, got .* without layers/);
      expect(() => unfuse(wrong)).toThrow(/unfuse: model must be/);
    }
  });
});

describe('fuse keeps', () => {
  it('what is saved, bit for bit, and a saved model loads without being fused', async () => {
    const model = sequential(
      bidirectional({
        layer: gru({ units: 3, returnSequences: true }) as layers.RNN,
        mergeMode: 'sum',
        inputShape,
      }),
      lstm({ units: 2 }),
    );
    const save = async () => {
      let saved: tf.io.ModelArtifacts | undefined;
      await model.save(
        tf.io.withSaveHandler(async (artifacts) => {
          saved = artifacts;
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
        }),
      );
      return saved!;
    };
    const before = await save();
    fuse(model);
    const after = await save();
    expect(JSON.stringify(after.modelTopology)).toBe(JSON.stringify(before.modelTopology));
    expect(after.weightSpecs).toEqual(before.weightSpecs);
    expect(after.weightData).toEqual(before.weightData);
    const loaded = await layers.loadLayersModel(tf.io.fromMemory(after));
    const x = sequences();
    expectSame(model.predict(x) as tf.Tensor, loaded.predict(x) as tf.Tensor, 1e-5);
    expect(loaded.layers.some((layer) => Object.hasOwn(layer, 'call'))).toBe(false);
    loaded.dispose();
    model.dispose();
    x.dispose();
  });

  it('the way back: after unfuse every bit is tfjs-layers’s own again', () => {
    const pair = twins(() =>
      sequential(
        lstm({ units: 3, returnSequences: true, recurrentActivation: 'sigmoid', inputShape }),
        gru({ units: 3 }),
      ),
    );
    unfuse(pair.fast);
    const x = sequences();
    expectSame(pair.fast.predict(x), pair.plain.predict(x), 0);
    for (const layer of pair.fast.layers) expect(Object.hasOwn(layer, 'call')).toBe(false);
    expect(fuse(pair.fast).fused.length).toBe(2);
    x.dispose();
    pair.dispose();
  });

  it('layers added later as they are until it is called again', () => {
    const model = sequential(lstm({ units: 3, returnSequences: true, inputShape }));
    expect(fuse(model).fused.length).toBe(1);
    model.add(simpleRNN({ units: 2 }));
    expect(Object.hasOwn(model.layers[1]!, 'call')).toBe(false);
    expect(fuse(model).fused.length).toBe(2);
    model.dispose();
  });
});
