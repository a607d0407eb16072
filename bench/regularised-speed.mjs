// What recurrent dropout, zoneout and layer norm cost: a training step of an LSTM, 50 units, batch 32, windows of 24 steps, with and
// without them, as a plan and on the tape. Medians of interleaved runs in one process.
//
//   pnpm build && node bench/regularised-speed.mjs [runs]

import { useBackend } from '@tidecast/backend';
import { arraySamples, createRandom } from '@tidecast/data';
import { createModel, dense, lstm } from '@tidecast/models';
import { adam, fit, mse } from '@tidecast/train';

const runs = Number(process.argv[2] ?? 5);
const [count, batchSize] = [320, 32];
const random = createRandom(1);
const array = (...shape) => {
  const length = shape.reduce((product, size) => product * size, 1);
  return { data: Float32Array.from({ length }, () => random.normal()), shape };
};
const samples = arraySamples({ x: array(count, 24, 2), y: array(count, 12) });
const layers = {
  plain: {},
  recurrentDropout: { recurrentDropout: 0.2 },
  zoneout: { zoneout: 0.1 },
  'recurrentDropout, zoneout': { recurrentDropout: 0.2, zoneout: 0.1 },
  'and cellZoneout': { recurrentDropout: 0.2, zoneout: 0.1, cellZoneout: 0.3 },
  layerNorm: { layerNorm: true },
  'all of them': { recurrentDropout: 0.2, zoneout: 0.1, cellZoneout: 0.3, layerNorm: true },
};

await useBackend('wasm');
const times = new Map();
for (let run = 0; run <= runs; run++) {
  for (const [name, settings] of Object.entries(layers)) {
    for (const way of ['plan', 'tape']) {
      const model = createModel({
        input: [24, 2],
        layers: [lstm({ units: 50, ...settings }), dense({ units: 12 })],
      });
      let last = 0;
      await fit(way === 'tape' ? { ...model, plan: undefined } : model, samples, {
        ...{ loss: mse(), optimizer: adam(), batchSize, epochs: way === 'tape' ? 2 : 10, seed: run },
        onProgress(event) {
          const now = performance.now();
          if (event.kind === 'start' && way === 'plan' && event.path !== 'planned')
            throw new Error(event.why);
          // The first run only warms up.
          if (event.kind === 'batch' && event.batch > 1 && run > 0) {
            const key = `${name} ${way}`;
            times.set(key, [...(times.get(key) ?? []), now - last]);
          }
          last = performance.now();
        },
      });
      model.dispose();
    }
  }
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
console.log(
  `LSTM 50, batch ${batchSize}, 24 steps, ms a training step, ${runs} runs, Node ${process.version}`,
);
for (const name of Object.keys(layers)) {
  const [plan, tape] = ['plan', 'tape'].map((way) => median(times.get(`${name} ${way}`)));
  const ratio = (tape / plan).toFixed(1);
  console.log(
    `${name.padEnd(26)} plan ${plan.toFixed(2).padStart(6)}   tape ${tape.toFixed(2).padStart(6)}   ${ratio.padStart(5)} ×`,
  );
}
