import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import type { ModelConfig } from '../src/index.ts';
import { runTape, testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';
import { withoutKernels } from './without-kernels.ts';

interface Golden {
  source: string;
  cases: {
    name: string;
    config: ModelConfig;
    batch: number;
    shape: number[];
    output: number[];
    gradients: Record<string, number[]>;
  }[];
}

const files = ['rnn-tanh', 'rnn-relu', 'lstm', 'gru', 'cnn1d', 'cnn2d', 'stack'];

setUpBackend();

for (const file of files) {
  const path = new URL(`./golden/${file}.json`, import.meta.url);
  const { source, cases } = JSON.parse(readFileSync(path, 'utf8')) as Golden;

  describe(`${file}: output and every gradient as in ${source}, relative error ≤ 1e-5`, () => {
    it.each(cases)('$name', ({ config, batch, shape, output, gradients }) => {
      const model = testModel(config);
      const xShape = [batch, ...(config.input as number[])];
      const count = xShape.reduce((product, size) => product * size, 1);
      const run = () => runTape(model, { data: valuesOf('x', count), shape: xShape });
      for (const [how, pass] of Object.entries({ fused: run(), composed: withoutKernels(run) })) {
        expect(pass.shape).toEqual(shape);
        expect(relativeError(pass.output, output), `output, ${how}`).toBeLessThanOrEqual(1e-5);
        expect(Object.keys(pass.gradients)).toEqual(Object.keys(gradients));
        for (const [name, expected] of Object.entries(gradients)) {
          const error = relativeError(pass.gradients[name]!, expected);
          expect(error, `gradient of ${name}, ${how}`).toBeLessThanOrEqual(1e-5);
        }
      }
      model.dispose();
    });
  });
}
