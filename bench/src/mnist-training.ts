// One training of a network on the MNIST digits, and the share of digits it then names rightly.

import type { Samples } from '@tidecast/data';
import { mostLikely } from '@tidecast/eval';
import { createModel, type ModelConfig } from '@tidecast/models';
import { adam, crossEntropy, fit, labelsOf, type ProgressEvent, predict } from '@tidecast/train';
import { cnnClassifier, mlpClassifier } from '@tidecast/vision';

export const MNIST_MODELS = ['cnn', 'mlp'] as const;
export type MnistModel = (typeof MNIST_MODELS)[number];

/** How the network is trained. Chosen on the last 5,000 training digits, which the final training then learns from too. */
export interface MnistSettings {
  model: MnistModel;
  epochs: number;
  seed: number;
  batchSize: number;
  learningRate: number;
  /** Share of the 128 hidden units that are left out while training. */
  dropout: number;
}

/** Updates over which the learning rate rises; then it falls along a cosine to 0. */
const WARM_UP = 200;

/** What a training came to. */
export interface MnistResult {
  /** Share of the scored digits that are named rightly. */
  accuracy: number;
  /** Time of each epoch [s]; laying the plan out is in the first one. */
  epochSeconds: number[];
}

/** The network: 24 and 36 filters of 3 × 3, each with ReLU and pooling, then 128 units; or the 128 units alone. */
export function mnistNetwork({ model, dropout }: Pick<MnistSettings, 'model' | 'dropout'>): ModelConfig {
  const parts = { input: [28, 28, 1], classes: 10, dropout } as const;
  return model === 'cnn' ? cnnClassifier(parts) : mlpClassifier(parts);
}

/** Trains on `train` and counts on `scored`. */
export async function trainMnist(
  train: Samples,
  scored: Samples,
  { onProgress, ...settings }: MnistSettings & { onProgress?: (event: ProgressEvent) => void },
): Promise<MnistResult> {
  const { epochs, seed, batchSize, learningRate } = settings;
  const model = createModel(mnistNetwork(settings), { seed });
  try {
    const epochSeconds: number[] = [];
    let last = performance.now();
    await fit(model, train, {
      ...{ loss: crossEntropy(), optimizer: adam({ learningRate }), epochs, batchSize, seed },
      schedule: { type: 'warmup', steps: WARM_UP, after: { type: 'cosine' } },
      onProgress(event) {
        onProgress?.(event);
        if (event.kind !== 'epoch') return;
        const now = performance.now();
        epochSeconds.push((now - last) / 1000);
        last = now;
      },
    });
    const { data, shape } = await predict(model, scored, { batchSize: 500 });
    const named = mostLikely(data, shape[1]!);
    const labels = labelsOf(scored);
    const right = labels.reduce((sum, label, i) => sum + Number(named[i] === label), 0);
    return { accuracy: right / scored.count, epochSeconds };
  } finally {
    model.dispose();
  }
}
