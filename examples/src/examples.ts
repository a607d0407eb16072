// Every example by name, in the order of the table. A new one is a file in a folder of its topic and a line here.

import { bpttCost } from './bptt/bptt-cost.ts';
import { clipping } from './bptt/clipping.ts';
import { gradientFlow } from './bptt/gradient-flow.ts';
import { detectionExample } from './detection/detection.ts';
import { ensembleExample } from './ensembles/ensemble.ts';
import { vtecEnsembles } from './ensembles/vtec-ensembles.ts';
import type { Example } from './example.ts';
import { executorsExample } from './executors/executors.ts';
import { explain } from './explain/explain.ts';
import { imbalance } from './imbalance/imbalance.ts';
import { imbalanceImages } from './imbalance/imbalance-images.ts';
import { rareExtremes } from './imbalance/rare-extremes.ts';
import { incrementalExample } from './incremental/incremental.ts';
import { vtecIncrementalExample } from './incremental/vtec-incremental.ts';
import { debiasingVae } from './latent/debiasing-vae.ts';
import { vaeExample } from './latent/vae.ts';
import { searchExample } from './search/search.ts';
import { addingProblemExample } from './sequences/adding-problem.ts';
import { characterRnn } from './sequences/character-rnn.ts';
import { copyTaskExample } from './sequences/copy-task.ts';
import { lengthGeneralization } from './sequences/length-generalization.ts';
import { seedSpreadExample } from './sequences/seed-spread.ts';
import { conformalExample } from './uncertainty/conformal.ts';
import { cubicToy } from './uncertainty/cubic-toy.ts';
import { heads } from './uncertainty/heads.ts';
import { vtecIntervals } from './uncertainty/vtec-intervals.ts';
import { cifarAugmentation } from './vision/cifar-augmentation.ts';
import { mnistImbalance } from './vision/mnist-imbalance.ts';

/** Every example. */
export const examples: Readonly<Record<string, Example>> = {
  'bptt-cost': bpttCost,
  'gradient-flow': gradientFlow,
  clipping,
  'adding-problem': addingProblemExample,
  'copy-task': copyTaskExample,
  'length-generalization': lengthGeneralization,
  'seed-spread': seedSpreadExample,
  'character-rnn': characterRnn,
  executors: executorsExample,
  ensemble: ensembleExample,
  'vtec-ensembles': vtecEnsembles,
  search: searchExample,
  imbalance,
  incremental: incrementalExample,
  'vtec-incremental': vtecIncrementalExample,
  'imbalance-images': imbalanceImages,
  'rare-extremes': rareExtremes,
  vae: vaeExample,
  'debiasing-vae': debiasingVae,
  explain,
  'cubic-toy': cubicToy,
  heads,
  conformal: conformalExample,
  'vtec-intervals': vtecIntervals,
  detection: detectionExample,
  'mnist-imbalance': mnistImbalance,
  'cifar-augmentation': cifarAugmentation,
};
