// How little a single network knows: its dropout, left on, draws networks that fit the data as well, and what they do not
// agree on is for want of data (Gal and Ghahramani 2016).

import { deriveSeed, type NdArray, type Samples, type WindowSamples } from '@tidecast/data';
import { type Distributions, mixture, point, splitVariance } from '@tidecast/eval';
import type { ApplyOptions, Model } from '@tidecast/models';
import { checkNumber } from '../check.ts';
import type { EnsembleDistributions } from '../ensemble/ensemble-forecast.ts';
import { type PredictOptions, predict } from '../fit/evaluate.ts';
import { distributionsOf } from '../forecaster/forecast.ts';
import type { Forecaster } from '../forecaster/forecaster.ts';
import type { Loss } from '../losses/loss.ts';

/** How to draw. */
export interface McDropoutOptions extends PredictOptions {
  /** Which units are dropped derives from it, from the pass and from the batch: another `batchSize` draws others. */
  seed: number;
  /** Runs through the network, from 2; default 50. */
  passes?: number;
}

/**
 * What `model` says about samples, or inputs `x [B, ...]`, in many passes with dropout on: the passes are the `members`, each
 * as likely as the others, one distribution for each target value, row-major. `variance` splits that of their mixture into
 * noise (mean of the passes' variances) and disagreement (variance of their means).
 *
 * `loss` is what the model was trained on: its head says what the outputs mean. Without one every pass is a point, and
 * there is no noise in the mixture. Runs on the tape, on any backend; the model stays as it is.
 * @throws if the model drops nothing, so that all passes are the same.
 */
export async function mcDropout(
  model: Model,
  samples: Samples | NdArray,
  { loss, ...options }: McDropoutOptions & { loss?: Loss },
): Promise<EnsembleDistributions> {
  return draw(model, options, async (drawn, predictOptions) => {
    const output = await predict(drawn, samples, predictOptions);
    return loss?.head ? loss.head.distributions(output) : point(output.data);
  });
}

/**
 * The same for a forecaster: what it says about every target of many windows, in the unit of the series, row-major
 * `[windows, horizon, K]`.
 * @throws as {@link mcDropout} and `distributionsOf` do.
 */
export async function mcDropoutOf(
  forecaster: Forecaster,
  samples: WindowSamples,
  options: McDropoutOptions,
): Promise<EnsembleDistributions> {
  return draw(forecaster.model, options, (model, predictOptions) =>
    distributionsOf({ ...forecaster, model }, samples, predictOptions),
  );
}

async function draw(
  model: Model,
  { seed, passes = 50, ...options }: McDropoutOptions,
  run: (model: Model, options: PredictOptions) => Promise<Distributions>,
): Promise<EnsembleDistributions> {
  checkNumber('mcDropout: seed', seed, { integer: true });
  checkNumber('mcDropout: passes', passes, { min: 2, integer: true });
  const members: Distributions[] = [];
  for (let pass = 0; pass < passes; pass++) {
    members.push(await run(withDropout(model, deriveSeed(seed, 'mc-dropout', pass)), options));
  }
  if (members[0]!.count > 0 && sameMeans(members)) {
    throw new Error(
      'mcDropout: expected passes that differ, got the same from all. Train a network with dropout layers.',
    );
  }
  return { mixture: mixture(members), members, variance: splitVariance(members) };
}

/** The model as it runs while training, with a seed of its own for each call. */
function withDropout(model: Model, seed: number): Model {
  let calls = 0;
  const training = (options?: ApplyOptions) => ({
    ...options,
    training: true,
    // Only dropout is random: running means stay what they are.
    keepStatistics: Object.keys(model.statistics ?? {}),
    seed: deriveSeed(seed, calls++),
  });
  return {
    config: model.config,
    weights: model.weights,
    ...(model.statistics && { statistics: model.statistics }),
    ...(model.states !== undefined && { states: model.states }),
    apply: (x, options) => model.apply(x, training(options)),
    ...(model.applyStateful && {
      applyStateful: (x, options) => model.applyStateful!(x, { ...options, ...training(options) }),
    }),
    dispose() {},
  };
}

function sameMeans(members: readonly Distributions[]): boolean {
  const first = members[0]!.mean();
  return members.every((each) => each.mean().every((value, i) => Object.is(value, first[i])));
}
