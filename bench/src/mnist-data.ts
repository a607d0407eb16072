// The MNIST digits as samples.

import type { Samples } from '@tidecast/data';
import { imageSamples, type LabelledImages } from '@tidecast/vision';

/** Mean and standard deviation of the pixels of the 60,000 training digits, scaled to 0 … 1. */
const PIXELS = { mean: [0.1307], std: [0.3081] };

/** The digits as samples: `x [28, 28, 1]` and the one-hot class. */
export function digitSamples(digits: LabelledImages): Samples {
  return imageSamples(digits, { input: [28, 28, 1], normalise: PIXELS });
}
