// Which network stands behind a name.

import type { ModelConfig } from '@tidecast/models';
import { cnnClassifier, mlpClassifier, mobilenet, resnet } from '@tidecast/vision';
import type { NetworkName } from './options.ts';

type Input = readonly [height: number, width: number, channels: number];

/** The thirteen blocks of MobileNet. */
const FILTERS = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];
const STEM = -1;
/** Where it halves the picture; those that small pictures can do without last. */
const HALVED = [1, 3, 5, 11, STEM];

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
    case 'mobilenet': {
      // Small pictures are halved less often, down to maps of two pixels a side: batch norm needs more than one value.
      const halvings = Math.floor(Math.log2(Math.min(input[0], input[1]))) - 1;
      const strideAt = (place: number) => (HALVED.slice(0, halvings).includes(place) ? 2 : 1);
      const blocks = FILTERS.map((filters, i) => ({ filters, stride: strideAt(i) }));
      return mobilenet({ input, classes, stem: { filters: 32, stride: strideAt(STEM) }, blocks });
    }
    case 'mlp':
      return mlpClassifier({ input, classes });
  }
}
