import {
  batchNorm,
  cnn2d,
  globalPool2d,
  type LayerConfig,
  type ModelConfig,
  network,
  residual,
} from '@tidecast/models';
import { type HeadOptions, headLayers } from './head.ts';
import type { ImageInput } from './image-input.ts';

/** Parts of {@link resnet}. */
export interface ResnetOptions extends HeadOptions {
  input: ImageInput;
  /** Filters of each stage; default `[16, 32, 64]`. Every stage but the first halves the picture. */
  filters?: readonly number[];
  /** Residual blocks in each stage, of two convolutions each; default 3: with three stages that is ResNet-20. */
  blocks?: number;
}

/**
 * A residual network for small pictures (He et al. 2016, arXiv:1512.03385, section 4.2): a 3 × 3 stem, stages of blocks of
 * two 3 × 3 convolutions with batch norm, the mean over the picture, head. Where a stage begins, the shortcut is a 1 × 1
 * convolution with batch norm.
 * @throws if `filters` is empty, or `blocks` is not a whole number from 1.
 */
export function resnet({ input, filters = [16, 32, 64], blocks = 3, ...head }: ResnetOptions): ModelConfig {
  if (filters.length === 0) throw new Error('resnet: expected filters of at least one stage, got none.');
  if (!(Number.isInteger(blocks) && blocks >= 1)) {
    throw new Error(`resnet: blocks must be a whole number from 1, got ${blocks}.`);
  }
  const layers = [...convolution(filters[0]!), batchNorm({ activation: 'relu' })];
  for (const [stage, each] of filters.entries()) {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const changes = stride > 1 || (block === 0 && stage > 0 && each !== filters[stage - 1]);
      layers.push(
        residual({
          layers: [
            ...convolution(each, stride),
            batchNorm({ activation: 'relu' }),
            ...convolution(each),
            batchNorm(),
          ],
          shortcut: changes ? 'projection' : 'identity',
        }),
      );
    }
  }
  return network({ input, layers: [...layers, globalPool2d(), ...headLayers(head)] });
}

function convolution(filters: number, stride = 1): LayerConfig[] {
  return [
    cnn2d({
      ...{ filters, kernelSize: 3, stride, padding: 1, useBias: false },
      ...{ activation: 'linear', kernelInit: 'heNormal' },
    }),
  ];
}
