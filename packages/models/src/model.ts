import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { ModelConfig } from './config.ts';

/** How a model is run. */
export interface ApplyOptions {
  /** Dropout is active only while training; default false. */
  training?: boolean;
  /** `[B, T]`: 1 where an input step is real, 0 where it is padding. Padding never changes a result. */
  mask?: Tensor;
  /** Seed of this run's random choices (dropout). Required when training a model that has them. */
  seed?: number;
}

/** A network: plain data that rebuilds it, its named weights, and the function they define. */
export interface Model {
  /** JSON that rebuilds the model: `createModel(config)`. */
  readonly config: ModelConfig;
  /** Trainable weights by name, in layer order, for example `0.lstm.kernel`. */
  readonly weights: Readonly<Record<string, Variable>>;
  /**
   * Runs the network on `x [B, T, C]` (or `[B, F]`), float32. Leaves nothing behind but its result.
   * @throws where x or the mask has another shape than the config says.
   */
  apply(x: Tensor, options?: ApplyOptions): Tensor;
  /** Frees the weights. */
  dispose(): void;
}
