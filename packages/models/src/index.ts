export type { LayerConfig, ModelConfig } from './config.ts';
export type { ApplyOptions, Model } from './model.ts';
