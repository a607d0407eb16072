// What a probabilistic forecast says about N values, one distribution each, whatever its form: Gaussian, Student-t,
// quantiles, an ensemble's mixture. Scores, calibration and forecasters need no more than this.

/** The distributions of N values. All methods give N numbers, in float64, and leave the distributions as they are. */
export interface Distributions {
  /** N. */
  readonly count: number;
  mean(): Float64Array;
  /** Infinite where a distribution has none. */
  variance(): Float64Array;
  /** The values below which the share `level`, from 0 to 1 exclusive, lies. */
  quantile(level: number): Float64Array;
  /** P(Y ≤ y) at one `y` for each distribution. */
  cdf(y: ArrayLike<number>): Float64Array;
  /** Continuous ranked probability score ∫ (F(z) − [z ≥ y])² dz at one `y` each (Gneiting and Raftery 2007); the unit of y. */
  crps(y: ArrayLike<number>): Float64Array;
  /** The distributions of `scale[i]·Y + offset[i]`, scale > 0: from scaled values back to the unit of the series. */
  affine(scale: ArrayLike<number>, offset: ArrayLike<number>): Distributions;
  /** A part, in the order of `indices`. */
  select(indices: ArrayLike<number>): Distributions;
  /**
   * Points in increasing order, N numbers each, between which every distribution function is a straight line and outside
   * of which it is 0 and 1; absent where it is curved.
   */
  knots?(): readonly Float64Array[];
}
