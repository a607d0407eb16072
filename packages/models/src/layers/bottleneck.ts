import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';

/** A marked place as data. */
export interface BottleneckConfig extends LayerConfig {
  type: 'bottleneck';
}

/** Hands its input on. It marks where an autoencoder's code stands: before it the encoder ends, after it the decoder begins. */
export function bottleneck(): BottleneckConfig {
  return { type: 'bottleneck' };
}

/** Definition of {@link bottleneck}. */
export const bottleneckLayer: LayerDefinition<Record<never, never>> = {
  settings: {},
  outputShape: (_settings, input) => input,
  apply: ({ x, mask }) => (mask ? { x, mask } : { x }),
  plan: ({ input }) => input,
};
