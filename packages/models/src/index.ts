export { type Activation, activate, activationNames, activationSetting } from './activations.ts';
export { type AutoencoderParts, autoencoder, vae } from './autoencoder/autoencoder.ts';
export { decoderOf, encoderOf } from './autoencoder/parts.ts';
export { type LayerConfig, type ModelConfig, network } from './config.ts';
export { type CreateOptions, createModel } from './create-model.ts';
export { type Initializer, initialize, initializerSetting } from './initializers.ts';
export type {
  LayerCall,
  LayerDefinition,
  LayerResult,
  PlannedParts,
  PlannedState,
  PlannedStates,
  PlannedStatistic,
  Statistic,
  StatisticSpec,
  WeightSpec,
} from './layer-definition.ts';
export { type ActivationConfig, type ActivationSettings, activation } from './layers/activation.ts';
export { type BatchNormConfig, type BatchNormSettings, batchNorm } from './layers/batch-norm.ts';
export { type BottleneckConfig, bottleneck } from './layers/bottleneck.ts';
export { type BranchesConfig, type BranchesSettings, branches } from './layers/branches.ts';
export { type Cnn1dConfig, type Cnn1dSettings, cnn1d } from './layers/cnn1d.ts';
export { type Cnn2dConfig, type Cnn2dSettings, cnn2d } from './layers/cnn2d.ts';
export { type DenseConfig, type DenseSettings, dense } from './layers/dense.ts';
export {
  type DepthwiseCnn2dConfig,
  type DepthwiseCnn2dSettings,
  depthwiseCnn2d,
} from './layers/depthwise-cnn2d.ts';
export { type DropoutConfig, type DropoutSettings, dropout } from './layers/dropout.ts';
export { type EmbeddingConfig, type EmbeddingSettings, embedding } from './layers/embedding.ts';
export { type FlattenConfig, flatten } from './layers/flatten.ts';
export { type GlobalPool1dConfig, type GlobalPool1dSettings, globalPool1d } from './layers/global-pool1d.ts';
export { type GlobalPool2dConfig, type GlobalPool2dSettings, globalPool2d } from './layers/global-pool2d.ts';
export { type GruConfig, type GruSettings, gru } from './layers/gru.ts';
export type { Padding, PerAxis } from './layers/image-windows.ts';
export { type LstmConfig, type LstmSettings, lstm } from './layers/lstm.ts';
export { averagePool1d, maxPool1d, type Pool1dConfig, type Pool1dSettings } from './layers/pool1d.ts';
export { averagePool2d, maxPool2d, type Pool2dConfig, type Pool2dSettings } from './layers/pool2d.ts';
export type { RecurrentSettings } from './layers/recurrent.ts';
export { type RepeatConfig, type RepeatSettings, repeat } from './layers/repeat.ts';
export { type ReshapeConfig, type ReshapeSettings, reshape } from './layers/reshape.ts';
export { type ResidualConfig, type ResidualSettings, residual } from './layers/residual.ts';
export { type RnnConfig, type RnnSettings, rnn } from './layers/rnn.ts';
export { type SamplingConfig, type SamplingSettings, sampling } from './layers/sampling.ts';
export { type SeparableCnn2dSettings, separableCnn2d } from './layers/separable-cnn2d.ts';
export {
  type Upsample1dConfig,
  type Upsample1dSettings,
  type Upsample2dConfig,
  type Upsample2dSettings,
  upsample1d,
  upsample2d,
} from './layers/upsample.ts';
export type { ApplyOptions, InferStatefulOptions, Model, Stateful, StatefulOptions } from './model.ts';
export { layerTypes, registerLayer } from './registry.ts';
export { type ResolvedModel, resolveModel } from './resolve.ts';
export type { ResolvedLayer } from './resolve-layers.ts';
export { loadModel, loadWeights, saveModel, saveWeights } from './save.ts';
export { finiteNumber, flag, oneOf, type Setting, wholeNumber } from './settings.ts';
export type { Shape } from './shape.ts';
export { formatSummary, type Summary, type SummaryRow, summarize } from './summary.ts';
