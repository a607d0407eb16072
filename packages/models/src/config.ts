// A network as plain data. Everything else in this package is a way to check, run, print or store this.

/** One layer as plain data; `type` names it in the registry, the rest are its settings. */
export interface LayerConfig {
  type: string;
  [setting: string]: unknown;
}

/** A network as plain data. It survives `JSON.parse(JSON.stringify(config))`. */
export interface ModelConfig {
  /** Shape of one input without the batch axis: `[T, C]`, where `T` may be null for any length, `[H, W, C]`, or `[F]`. */
  input: readonly (number | null)[];
  layers: readonly LayerConfig[];
}

/**
 * A network of `layers` on inputs of shape `input`: `[T, C]` (`[null, C]` for any length), `[H, W, C]` or `[F]`.
 * Nothing is checked here; `createModel` does that.
 */
export function network(parts: ModelConfig): ModelConfig {
  return { input: [...parts.input], layers: parts.layers.map((layer) => ({ ...layer })) };
}
