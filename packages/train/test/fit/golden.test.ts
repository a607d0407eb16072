// Every optimiser, loss and clipping rule against PyTorch, through `fit` and the whole network, on both its paths.

import { arraySamples } from '@tidecast/data';
import { createModel, dense, type LayerConfig, lstm, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import { createLoss, fit, type LossConfig, type OptimizerConfig, optimizers } from '../../src/index.ts';
import { adam, adamw, rmsprop, sgd } from '../../src/optimizers/optimizers.ts';
import { assignWeights, weightsOf } from '../helpers.ts';
import golden from './golden/golden.json' with { type: 'json' };

interface GoldenArray {
  data: number[];
  shape: number[];
}

interface GoldenCase {
  optimizer: { type: OptimizerConfig['type']; learningRate: number };
  loss: LossConfig;
  clip?: { norm?: number; value?: number };
  weighted?: boolean;
  losses: number[];
  weights: Record<string, number[]>;
}

const layers: Record<string, LayerConfig[]> = {
  lstm: [lstm({ units: 3 }), dense({ units: 3 })],
  dense: [dense({ units: 5, activation: 'tanh' }), dense({ units: 3 })],
};
const constructors = { sgd, rmsprop, adam, adamw } as Record<string, (settings: never) => OptimizerConfig>;
const array = ({ data, shape }: GoldenArray) => ({ data: Float32Array.from(data), shape });

setUpBackend();

const paths = testBackend === 'wasm' ? ['planned', 'tape'] : ['tape'];
const nets = Object.entries(golden.nets).flatMap(([name, net]) => paths.map((path) => ({ name, path, net })));

describe.each(nets)('$name net against PyTorch, $path', ({ name, path, net }) => {
  const cases = net.cases as unknown as GoldenCase[];

  it('covers every optimiser, and the losses that are kernels', () => {
    expect(new Set(cases.map((each) => each.optimizer.type))).toEqual(new Set(Object.keys(optimizers)));
    expect(new Set(cases.map((each) => each.loss.type))).toEqual(
      new Set(['mse', 'mae', 'huber', 'crossEntropy']),
    );
  });

  it.each(cases.map((each) => [describeCase(each), each] as const))(
    '%s: ten losses within 1e-5 relative, final weights within 2e-5',
    async (_, { optimizer, loss, clip, weighted, ...expected }) => {
      const model = createModel(network({ input: net.x.shape.slice(1), layers: layers[name]! }), { seed: 1 });
      const weights = net.weights as unknown as Record<string, GoldenArray>;
      assignWeights(
        model,
        Object.fromEntries(Object.entries(weights).map(([key, value]) => [key, array(value)])),
      );
      const extra = weighted ? { weight: array(golden.weight) } : {};
      const y = array(loss.type === 'crossEntropy' ? golden.probabilities : net.y);
      let taken: string | undefined;
      const run = path === 'tape' ? { ...model, plan: undefined } : model;
      const history = await fit(run, arraySamples({ x: array(net.x), y: y, ...extra }), {
        loss: createLoss(loss),
        optimizer: constructors[optimizer.type]!(optimizer as never),
        epochs: 10,
        batchSize: 8,
        seed: 3,
        clip,
        onProgress: (event) => {
          if (event.kind === 'start') taken = event.path;
        },
      });
      expect(taken).toBe(path);
      history.epochs.forEach((epoch, i) => {
        expect(Math.abs(epoch.loss - expected.losses[i]!) / expected.losses[i]!).toBeLessThan(1e-5);
      });
      const final = weightsOf(model);
      for (const [key, values] of Object.entries(expected.weights)) {
        const worst = Math.max(...values.map((value, i) => Math.abs(value - final[key]![i]!)));
        expect(worst, key).toBeLessThan(2e-5);
      }
      if (clip?.norm) expect(history.epochs.some((epoch) => epoch.clippedByNorm > 0)).toBe(true);
      if (clip?.value) expect(history.epochs.some((epoch) => epoch.clippedByValue > 0)).toBe(true);
      model.dispose();
    },
  );
});

function describeCase({ optimizer, loss, clip, weighted }: GoldenCase): string {
  return [optimizer, loss.type, clip ?? '', weighted ? 'weighted' : '']
    .filter(Boolean)
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(part).replace(/["{}]/g, '')))
    .join(' ');
}
