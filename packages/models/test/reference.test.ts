import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import {
  averagePool1d,
  cnn1d,
  dense,
  globalPool1d,
  gru,
  type LayerConfig,
  lstm,
  maxPool1d,
  rnn,
} from '../src/index.ts';
import { referenceNetwork } from './reference/network.ts';
import { runTape, testModel } from './tape.ts';
import { relativeError, valuesOf, weightValues } from './values.ts';
import { withoutKernels } from './without-kernels.ts';

setUpBackend();

const recurrentSizes = [
  { units: 1, steps: 1 },
  { units: 3, steps: 2 },
  { units: 5, steps: 24 },
  { units: 17, steps: 3 },
];

const networks: { name: string; steps: number; layers: LayerConfig[] }[] = [
  ...recurrentSizes.flatMap(({ units, steps }) => [
    { name: `rnn H ${units}, T ${steps}`, steps, layers: [rnn({ units })] },
    { name: `lstm H ${units}, T ${steps}`, steps, layers: [lstm({ units })] },
    { name: `gru H ${units}, T ${steps}`, steps, layers: [gru({ units })] },
    { name: `gru, reset before, H ${units}, T ${steps}`, steps, layers: [gru({ units, resetAfter: false })] },
  ]),
  {
    name: 'gru, reset before, both directions, sequence, two layers',
    steps: 7,
    layers: [
      gru({ units: 3, resetAfter: false, bidirectional: true, returnSequences: true }),
      gru({ units: 2, resetAfter: false, bidirectional: true }),
    ],
  },
  { name: 'lstm both directions', steps: 7, layers: [lstm({ units: 3, bidirectional: true })] },
  { name: 'rnn linear', steps: 5, layers: [rnn({ units: 3, activation: 'linear' })] },
  ...(['valid', 'same', 'causal'] as const).flatMap((padding) =>
    [1, 2, 3].map((stride) => ({
      name: `cnn1d ${padding}, stride ${stride}, dilation 2`,
      steps: 11,
      layers: [
        cnn1d({ filters: 3, kernelSize: 3, stride, dilation: 2, padding, activation: 'tanh' as const }),
      ],
    })),
  ),
  { name: 'maxPool1d', steps: 7, layers: [maxPool1d({ poolSize: 3, stride: 2 })] },
  { name: 'averagePool1d', steps: 7, layers: [averagePool1d({ poolSize: 3, stride: 2 })] },
  ...(['average', 'max', 'last'] as const).map((mode) => ({
    name: `dense on every step, globalPool1d ${mode}`,
    steps: 5,
    layers: [dense({ units: 3, activation: 'sigmoid' }), globalPool1d({ mode })],
  })),
];

describe.each(networks)('$name', ({ steps, layers }) => {
  const [batch, channels] = [2, 3];
  const config = { input: [steps, channels], layers };
  const x = Float64Array.from(valuesOf('x', batch * steps * channels));

  const reference = (weights: Record<string, Float64Array>, data: Float64Array) =>
    Array.from({ length: batch }, (_, b) =>
      referenceNetwork(
        config,
        weights,
        Array.from({ length: steps }, (_, t) => [
          ...data.subarray((b * steps + t) * channels, (b * steps + t + 1) * channels),
        ]),
      ),
    ).flat(2);

  it('agrees with the float64 loop, and its gradients with finite differences of that loop, to 1e-5', () => {
    const model = testModel(config);
    const weights = Object.fromEntries(
      Object.entries(weightValues(model)).map(([name, values]) => [name, Float64Array.from(values)]),
    );
    const run = () => runTape(model, { data: x, shape: [batch, steps, channels] });
    const passes = Object.entries({ fused: run(), composed: withoutKernels(run) });
    model.dispose();
    const expected = reference(weights, x);
    for (const [how, pass] of passes) {
      expect(relativeError(pass.output, expected), how).toBeLessThanOrEqual(1e-5);
    }

    const probe = valuesOf('probe', expected.length);
    const loss = () => reference(weights, x).reduce((sum, value, i) => sum + value * probe[i]!, 0);
    for (const [name, values] of Object.entries({ x, ...weights })) {
      // Every value of small weights, and about forty spread over large ones.
      const every = Math.max(1, Math.floor(values.length / 40));
      const picked = Array.from({ length: Math.ceil(values.length / every) }, (_, i) => i * every);
      const slopes = picked.map((i) => {
        const [held, delta] = [values[i]!, 1e-5];
        values[i] = held + delta;
        const above = loss();
        values[i] = held - delta;
        const below = loss();
        values[i] = held;
        return (above - below) / (2 * delta);
      });
      for (const [how, pass] of passes) {
        const got = picked.map((i) => pass.gradients[name]![i]!);
        expect(relativeError(got, slopes), `gradient of ${name}, ${how}`).toBeLessThanOrEqual(1e-5);
      }
    }
  });
});
