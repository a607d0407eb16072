/** One layer as plain data; `type` names it in the registry, the rest are its settings. */
export interface LayerConfig {
  type: string;
  [setting: string]: unknown;
}

/** A network as plain data. */
export interface ModelConfig {
  /** Shape of one input without the batch axis: `[T, C]`, where `T` may be null for any length, or `[F]`. */
  input: readonly (number | null)[];
  layers: readonly LayerConfig[];
}
