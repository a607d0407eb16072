// Which network stands behind a name.

import type { ModelConfig } from '@tidecast/models';
import { cnnClassifier, mlpClassifier, mobilenet, resnet } from '@tidecast/vision';
import type { NetworkName } from './options.ts';

type Input = readonly [height: number, width: number, channels: number];

/** The network for pictures of shape `input`. */
export function networkConfig(name: NetworkName, input: Input, classes: number): ModelConfig {
  switch (name) {
    case 'cnn': {
      // A block for every halving, down to maps of about four pixels a side.
      const blocks = Math.min(4, Math.max(1, Math.floor(Math.log2(Math.min(input[0], input[1]) / 4))));
      const filters = [16, 32, 48, 64].slice(0, blocks);
      return cnnClassifier({ input, classes, filters, padding: 'same', units: [64], dropout: 0.25 });
    }
    case 'resnet':
      return resnet({ input, classes, blocks: 1 });
    case 'mobilenet':
      return mobilenet({ input, classes });
    case 'mlp':
      return mlpClassifier({ input, classes });
  }
}
