import { type Activation, activate, activationSetting } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { planActivation } from './planned-activation.ts';

/** Settings of {@link activation}. */
export interface ActivationSettings {
  activation: Activation;
}

/** An activation by itself as data. */
export interface ActivationConfig extends ActivationSettings, LayerConfig {
  type: 'activation';
}

/**
 * An element-wise function by itself, or `softmax` or `logSoftmax` over the last axis: `activation({ activation: 'softmax' })`
 * makes probabilities of logits, finite for any finite logits. A mask passes through.
 */
export function activation(settings: ActivationSettings): ActivationConfig {
  return { type: 'activation', ...settings };
}

/** Definition of {@link activation}. */
export const activationLayer: LayerDefinition<ActivationSettings> = {
  // The one setting that such a layer has must be given.
  settings: { activation: { ...activationSetting('linear'), default: undefined } },
  outputShape: (_settings, input) => input,
  apply({ settings, x, mask }) {
    const result = activate(settings.activation, x);
    return mask ? { x: result, mask } : { x: result };
  },
  plan({ settings, plan, input }) {
    const { kernels } = plan;
    const { value, gradient, shape, mask } = input;
    const output = plan.signal(shape, mask);
    const perExample = shape.reduce((product, size) => product * size, 1);
    if (gradient) {
      const dy = output.gradient!;
      plan.backward(({ batch }) => kernels.copy(batch * perExample, dy.address, gradient.address));
    }
    // A ReLU may move to the next layer, which then reads what stood before it in this one's output.
    const inPlace = settings.activation === 'linear' || settings.activation === 'relu';
    if (inPlace) {
      plan.forward(({ batch }) => kernels.copy(batch * perExample, value.address, output.value.address));
    }
    planActivation(plan, settings.activation, inPlace ? output.value : value, output);
    return output;
  },
};
