// Sequences of two overlapping classes, 95 to 5: a short wave somewhere in noise, or noise alone. Their densities are
// known, and so is the best that any classifier can do.

import { createRandom, type Samples } from '@tidecast/data';
import { cnn1d, createModel, dense, globalPool1d, network } from '@tidecast/models';
import { labelsOf } from '@tidecast/train';
import type { Claim, Example } from '../example.ts';
import {
  favour,
  isRare,
  type Method,
  meanAndSd,
  methods,
  RARE,
  type Scored,
  scoresChart,
  scoresOf,
  spreadOf,
  trainAndScore,
  twoClasses,
} from './classifiers.ts';

const STEPS = 20;
/** The wave, upside down in the second channel; it begins at any step that leaves it room. */
const WAVE = [0.72, 1.04, 0.72, -0.72, -1.04, -0.72];
const SIGNS = [1, -1];
const PLACES = STEPS - WAVE.length + 1;

interface Waves extends Samples {
  /** Log of p(x | wave) / p(x | none) of each example. */
  evidence: Float64Array;
}

/** `count` sequences `[20, 2]` of unit noise, of which one in twenty holds the wave. */
function waves(count: number, seed: number): Waves {
  const random = createRandom(seed, 'waves');
  const x = Float32Array.from({ length: count * STEPS * 2 }, () => random.normal());
  for (let i = 0; i < count; i++) {
    if (!isRare(i, count)) continue;
    const begin = random.integer(PLACES);
    WAVE.forEach((height, t) => {
      for (const [c, sign] of SIGNS.entries()) x[(i * STEPS + begin + t) * 2 + c]! += sign * height;
    });
  }
  return {
    ...twoClasses({ data: x, shape: [count, STEPS, 2] }),
    evidence: Float64Array.from({ length: count }, (_, i) => evidenceOf(x, i)),
  };
}

/** log (1/P) Σ_p exp(mₚ·x − |m|²/2): the wave m at any place p is as likely as at any other. */
function evidenceOf(x: Float32Array, i: number): number {
  let sum = 0;
  for (let begin = 0; begin < PLACES; begin++) {
    let exponent = 0;
    for (const [t, height] of WAVE.entries()) {
      for (const [c, sign] of SIGNS.entries()) {
        const m = sign * height;
        exponent += m * x[(i * STEPS + begin + t) * 2 + c]! - (m * m) / 2;
      }
    }
    sum += Math.exp(exponent);
  }
  return Math.log(sum / PLACES);
}

/** Bayes' rule on the test sequences, where the rare class is favoured by a factor. */
function bayes({ evidence, ...test }: Waves, factor: number) {
  const labels = labelsOf(test);
  const prior = Math.log(RARE / (1 - RARE));
  const rare = evidence.filter((_, i) => labels[i] === 1);
  const recall = rare.filter((each) => each + prior + Math.log(factor) > 0).length / rare.length;
  return {
    recall,
    ...scoresOf(
      evidence.map((each) => each + prior),
      labels,
    ),
  };
}

/** The example. */
export const imbalance: Example = {
  title: 'Class imbalance, 95 to 5: sequences of two overlapping classes',
  source:
    'Weights of classes; Cui et al. 2019, CVPR (effective number); Lin et al. 2017, ICCV (focal loss). The densities are ' +
    'known, so Bayes’ rule gives the best recall for each weighting, and the best PR-AUC.',
  async run({ seeds, quick, progress, signal }) {
    const test = waves(quick ? 400 : 8000, 1000);
    const scored: Scored[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const train = waves(quick ? 200 : 4000, seed);
      const validation = waves(quick ? 200 : 4000, seed + 500);
      for (const method of methods) {
        const layers = [
          cnn1d({ filters: 16, kernelSize: 6 }),
          globalPool1d({ mode: 'max' }),
          dense({ units: 2 }),
        ];
        const model = createModel(network({ input: [STEPS, 2], layers }), { seed });
        const options = { epochs: quick ? 2 : 30, batchSize: 40, learningRate: 0.005, seed, signal };
        const result = await trainAndScore(method, { model, train, validation, test }, options);
        progress(
          `seed ${seed}, ${method.name}: recall ${result.recall.toFixed(2)}, PR-AUC ${result.prAuc.toFixed(2)}`,
        );
        scored.push(result);
      }
    }
    const labels = labelsOf(waves(quick ? 200 : 4000, 1));
    const best = bayes(test, 1);
    return {
      claims: [
        ...methods.map((method) => foundClaim(method, scored, bayes(test, favour(method, labels)))),
        ...methods
          .filter((method) => favour(method, labels) !== 1 && !method.loss)
          .map(({ name }) => calibrationClaim(name, scored)),
      ],
      rows: [
        ...scored.map((each) => ({ ...each })),
        ...methods.map((method) => ({
          method: `Bayes' rule, ${method.name}`,
          recall: bayes(test, favour(method, labels)).recall,
          prAuc: best.prAuc,
          ece: best.ece,
          brier: best.brier,
        })),
      ],
      charts: [
        {
          name: 'imbalance',
          caption:
            'Weights, resampling and balanced batches find most of the rare class, and no longer say how likely it is; ' +
            'taking the weight off the logits brings that back. How well examples are ranked (PR-AUC) hardly changes: ' +
            `Bayes' rule has ${best.prAuc.toFixed(2)}.`,
          spec: scoresChart(scored, 'A rare class in sequences, 95 : 5'),
        },
      ],
    };
  },
};

/**
 * Recall and PR-AUC against those of Bayes' rule under the same weighting. The focal loss, too, is smallest for the class
 * that Bayes' rule takes, though not for its probability (Charoenphakdee et al. 2021, CVPR).
 */
function foundClaim({ name }: Method, scored: readonly Scored[], best: ReturnType<typeof bayes>): Claim {
  const enough = (score: 'recall' | 'prAuc') => spreadOf(scored, name, score).mean >= 0.85 * best[score];
  return {
    method: name === 'plain' ? 'Imbalance: none of the methods' : `Imbalance: ${name}`,
    figure: `recall of the rare class ${meanAndSd(scored, name, 'recall')}, PR-AUC ${meanAndSd(scored, name, 'prAuc')}`,
    bar:
      `Bayes' rule with this weight of the rare class: recall ${best.recall.toFixed(2)}, PR-AUC ` +
      `${best.prAuc.toFixed(2)}; at least 0.85 of each`,
    met: enough('recall') && enough('prAuc'),
  };
}

/** What weighting does to the probabilities, and whether taking it off again undoes it. */
function calibrationClaim(name: string, scored: readonly Scored[]): Claim {
  const plain = spreadOf(scored, 'plain', 'ece').mean;
  return {
    method: `Imbalance: ${name}, calibration`,
    figure:
      `calibration error ${meanAndSd(scored, name, 'ece')}, Brier score ${meanAndSd(scored, name, 'brier')}; with the ` +
      `weight taken off the logits ${meanAndSd(scored, name, 'eceCorrected')} and ` +
      `${meanAndSd(scored, name, 'brierCorrected')}`,
    bar:
      `plain training: ${plain.toFixed(2)} and ${meanAndSd(scored, 'plain', 'brier')}; corrected calibration error at ` +
      'most 0.02 above',
    met: spreadOf(scored, name, 'eceCorrected').mean <= plain + 0.02,
  };
}
