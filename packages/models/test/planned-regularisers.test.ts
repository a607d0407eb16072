// Recurrent layers with recurrent dropout, zoneout and layer norm, planned, beside the tape: the same draws, outputs, gradients
// and states.

import * as tf from '@tensorflow/tfjs-core';
import { currentKernels } from '@tidecast/backend';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import {
  branches,
  dense,
  gru,
  type LayerConfig,
  lstm,
  type Model,
  type RecurrentSettings,
  rnn,
} from '../src/index.ts';
import { runPlanned } from './planned.ts';
import { type Pass, type PassArray, type PassOptions, runTape, testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';
import { withoutKernels } from './without-kernels.ts';

setUpBackend();

const only = testBackend === 'wasm' ? describe : describe.skip;
const why = testBackend === 'wasm' ? '' : ' (skipped: plans run on WASM only)';

const [B, T, C] = [4, 7, 3];
const array = (name: string, ...shape: number[]): PassArray => ({
  data: valuesOf(
    name,
    shape.reduce((product, size) => product * size, 1),
  ),
  shape,
});
const x = array('x', B, T, C);
/** Padding on the left, on the right, in the middle, and none. */
const mask = {
  data: [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1],
  shape: [B, T],
};
const training = { training: true, seed: 5 };

type Maker = (settings: RecurrentSettings & { cellZoneout?: number }) => LayerConfig;
const makers: Record<string, Maker> = {
  rnn,
  'rnn, sigmoid': (settings) => rnn({ ...settings, activation: 'sigmoid' }),
  'rnn, swish': (settings) => rnn({ ...settings, activation: 'swish' }),
  lstm,
  gru,
  'gru, reset before': (settings) => gru({ ...settings, resetAfter: false }),
};
const rates = (cell: string): Record<string, Partial<Parameters<Maker>[0]>> => {
  const all = {
    ...{ dropout: 0.2, recurrentDropout: 0.4, zoneout: 0.3 },
    ...(cell === 'lstm' && { cellZoneout: 0.2 }),
  };
  return {
    recurrentDropout: { recurrentDropout: 0.4 },
    zoneout: { zoneout: 0.3 },
    ...(cell === 'lstm' && { cellZoneout: { cellZoneout: 0.3 } }),
    layerNorm: { layerNorm: true },
    all,
    'all, layerNorm': { ...all, layerNorm: true },
  };
};
const sequence = { returnSequences: true };

/** Layer norm over few units divides by next to nothing where they vary little: there it gets more of them. */
const withMany = (settings: RecurrentSettings): RecurrentSettings =>
  settings.layerNorm ? { ...settings, units: settings.units + 8 } : settings;

/** The layers of a network whose recurrent ones come from `layer`. */
type Network = (layer: (settings: RecurrentSettings) => LayerConfig) => LayerConfig[];
const networks: Record<string, Network> = {
  'the last state': (layer) => [layer({ units: 5 })],
  'all states': (layer) => [layer({ units: 4, ...sequence })],
  'both ways': (layer) => [layer({ units: 3, bidirectional: true })],
  'stacked, both ways': (layer) => [
    layer({ units: 5, bidirectional: true, ...sequence }),
    dense({ units: 4 }),
    layer({ units: 6, bidirectional: true, ...sequence }),
    layer({ units: 1 }),
  ],
};

function expectSame(got: Pass, expected: Pass) {
  expect(got.shape).toEqual(expected.shape);
  expect(relativeError(got.output, expected.output), 'output').toBeLessThanOrEqual(1e-5);
  for (const of of ['gradients', 'states'] as const) {
    expect(Object.keys(got[of])).toEqual(Object.keys(expected[of]));
    for (const [name, values] of Object.entries(expected[of])) {
      expect(relativeError(got[of][name]!, values), `${of} of ${name}`).toBeLessThanOrEqual(1e-5);
    }
  }
}

/** A training pass of both, in a plan that has the batch and in one with more room; of the tape. */
function expectPlanned(model: Model, options: PassOptions = {}): Pass {
  const tape = withoutKernels(() => runTape(model, x, { ...training, ...options }));
  for (const capacity of [B, 2 * B]) {
    expectSame(runPlanned(model, x, { ...training, ...options, capacity }), tape);
  }
  return tape;
}

/** The outputs outside of training. */
function expectInferred(model: Model, options: Pick<PassOptions, 'mask'> = {}): Float32Array {
  const toTensor = ({ data, shape }: PassArray) => tf.tensor(Float32Array.from(data), shape);
  const result = tf.tidy(() =>
    withoutKernels(() => model.apply(toTensor(x), options.mask && { mask: toTensor(options.mask) })),
  );
  const expected = result.dataSync<'float32'>().slice();
  result.dispose();
  const toArray = ({ data, shape }: PassArray) => ({ data: Float32Array.from(data), shape });
  const inferred = model.infer!(toArray(x), options.mask && toArray(options.mask))!;
  expect(relativeError(inferred.data, expected)).toBeLessThanOrEqual(1e-5);
  return expected;
}

only.each(Object.entries(makers))(
  `%s, planned as on the tape, relative error ≤ 1e-5${why}`,
  (cell, maker) => {
    const cases = Object.entries(rates(cell)).flatMap(([setting, values]) =>
      Object.entries(networks).map(([name, network]) => [setting, name, values, network] as const),
    );

    it.each(cases)('%s: %s', (_setting, _name, values, network) => {
      const modelOf = (layer: Maker) =>
        testModel({ input: [null, C], layers: network((each) => layer(withMany({ ...each, ...values }))) });
      const model = modelOf(maker);
      const plain = modelOf(({ units, bidirectional, returnSequences }) =>
        maker({ units, bidirectional, returnSequences }),
      );
      for (const options of [{}, { mask }]) {
        const tape = expectPlanned(model, options);
        expect(relativeError(tape.output, runTape(plain, x, options).output)).toBeGreaterThan(1e-3);
        expectInferred(model, options);
      }
      for (const each of [model, plain]) each.dispose();
    });

    it.each(Object.entries(rates(cell)))('%s: states handed over, at the end and early', (_, values) => {
      const layers = [4, 5].map((units) => maker(withMany({ units, ...sequence, ...values })));
      const model = testModel({ input: [null, C], layers });
      const sizes = Object.entries(model.states as Record<string, number>);
      const state = Object.fromEntries(sizes.map(([name, units]) => [name, array(name, B, units)]));
      for (const options of [{}, { stateAfter: 3 }, { mask, stateAfter: 4 }]) {
        expectPlanned(model, { state, ...options });
      }
      model.dispose();
    });

    it.each(['all', 'all, layerNorm'])('%s: of the layers of a branch', (setting) => {
      const all = rates(cell)[setting];
      const [one, two] = [3, 2].map((units) => [maker(withMany({ units, ...all }))]);
      const layers = [branches({ branches: [one!, two!] })];
      const model = testModel({ input: [T, C], layers });
      expectPlanned(model);
      model.dispose();
    });
  },
);

only(`draws${why}`, () => {
  const layer = lstm({ units: 60, recurrentDropout: 0.4, zoneout: 0.3, cellZoneout: 0.2, layerNorm: true });

  it('are the same for one seed, bit for bit, and others for another', () => {
    const model = testModel({ input: [T, C], layers: [layer] });
    const run = (seed: number) => runPlanned(model, x, { training: true, seed });
    expect(run(5)).toEqual(run(5));
    expect(run(6).output).not.toEqual(run(5).output);
    model.dispose();
  });

  it('of 30 plans leave no tensor and take no memory', () => {
    // An arena of some 8 MB: ten of them kept would have to grow the memory.
    const model = testModel({ input: [40, C], layers: [layer] });
    const long = array('x', 32, 40, C);
    const once = () => {
      runPlanned(model, long, training);
      return [tf.memory().numTensors, currentKernels()!.memory.buffer.byteLength];
    };
    const before = once();
    for (let i = 1; i < 30; i++) expect(once()).toEqual(before);
    model.dispose();
  });
});
