// What a caller may choose about a forecast, with the defaults, checked in one place.

import { DAY, HOUR } from '@tidecast/data';
import type { Station } from '../input/stations.ts';

/** Network architectures the application trains. */
export const MODELS = ['cnn', 'lstm', 'gru'] as const;
export type ModelName = (typeof MODELS)[number];

/** What to read, train and write. Everything has a default: without `gim` and `csv` a synthetic sample is made. */
export interface ForecastOptions {
  /** IONEX files and folders of them. */
  gim?: readonly string[];
  /** CSV files with a time column and one TEC column [TECU] per station; `stations` says where each one is. */
  csv?: readonly string[];
  /** A file of geomagnetic indices with Kp (GFZ, WDC, CelesTrak, OMNI2 …). Without it Kp is not used. */
  index?: string;
  /** Places to forecast; default the 18 points of {@link defaultStations}. */
  stations?: readonly Station[];
  /** Networks to train; default all three. */
  models?: readonly ModelName[];
  /** Samples a network sees; default 12. */
  steps?: number;
  /** Samples it forecasts; default 12. */
  horizon?: number;
  /** Time between samples [ms]; default 2 h. */
  step?: number;
  /** Most epochs of training; early stopping usually ends it before. Default 20. */
  epochs?: number;
  /** Units of the recurrent layer and filters of the convolution; default 24. */
  units?: number;
  /** One seed fixes the sample, the initial weights and the shuffling; default 1. */
  seed?: number;
  /** Where networks run; default `auto`: native where tfjs-node is installed, else WASM. */
  backend?: 'auto' | 'wasm' | 'native';
  /** Days at the end kept for scoring; default a fifth of the data, at most 14. */
  testDays?: number;
  /** Days of the synthetic sample; default 75. */
  sampleDays?: number;
  /** Folder of the synthetic sample; default `.tidecast/sample-<days>d-seed<seed>` in the working directory. */
  sampleFolder?: string;
  /** Folder of checkpoints: an interrupted run with the same options and data goes on where it stopped. */
  checkpoints?: string;
}

/** What {@link runForecast} tells on its way, and what stops it. */
export interface ForecastCallbacks {
  /** A stage begins, in words. */
  onStage?: (text: string) => void;
  /** Progress of something countable, for example files read. */
  onProgress?: (progress: { what: string; done: number; total: number }) => void;
  /** Progress of training, as told by the train package. */
  onTraining?: (model: string, event: import('@tidecast/train').ProgressEvent) => void;
  signal?: AbortSignal;
}

/** Options with every default filled in, but for the inputs. */
export type CheckedOptions = Required<
  Omit<ForecastOptions, 'gim' | 'csv' | 'index' | 'stations' | 'testDays' | 'sampleFolder' | 'checkpoints'>
> &
  Pick<ForecastOptions, 'gim' | 'csv' | 'index' | 'stations' | 'testDays' | 'sampleFolder' | 'checkpoints'>;

/**
 * Fills in defaults and refuses what cannot work.
 * @throws one sentence naming the option.
 */
export function checkOptions(options: ForecastOptions): CheckedOptions {
  const checked: CheckedOptions = {
    ...options,
    models: options.models ?? MODELS,
    steps: options.steps ?? 12,
    horizon: options.horizon ?? 12,
    step: options.step ?? 2 * HOUR,
    epochs: options.epochs ?? 20,
    units: options.units ?? 24,
    seed: options.seed ?? 1,
    backend: options.backend ?? 'auto',
    sampleDays: options.sampleDays ?? 75,
  };
  if (checked.gim?.length && checked.csv?.length) {
    throw new Error('forecast: expected either GIM files or CSV files, got both. Give one of them.');
  }
  if (checked.models.length === 0)
    throw new Error(`forecast: models must name at least one of ${MODELS.join(', ')}.`);
  for (const model of checked.models) {
    if (!MODELS.includes(model)) {
      throw new Error(`forecast: models must be among ${MODELS.join(', ')}, got '${model}'.`);
    }
  }
  const whole: [keyof CheckedOptions, number, number][] = [
    ['steps', 2, 1000],
    ['horizon', 1, 1000],
    ['epochs', 1, 100_000],
    ['units', 1, 1024],
    ['sampleDays', 8, 3660],
    ['testDays', 1, 3660],
  ];
  for (const [name, low, high] of whole) {
    const value = checked[name] as number | undefined;
    if (value !== undefined && !(Number.isInteger(value) && value >= low && value <= high)) {
      throw new Error(`forecast: ${name} must be a whole number from ${low} to ${high}, got ${value}.`);
    }
  }
  if (!Number.isSafeInteger(checked.seed)) {
    throw new Error(`forecast: seed must be a whole number, got ${checked.seed}.`);
  }
  if (!(checked.step > 0 && Number.isInteger(DAY / checked.step))) {
    throw new Error(`forecast: step must divide a day evenly, got ${checked.step / HOUR} h. Try 1h or 2h.`);
  }
  if (!['auto', 'wasm', 'native'].includes(checked.backend)) {
    throw new Error(`forecast: backend must be auto, wasm or native, got '${checked.backend}'.`);
  }
  return checked;
}
