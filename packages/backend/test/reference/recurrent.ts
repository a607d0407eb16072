// Recurrent layers and their backpropagation through time in float64, one row and one step at a time.

import { type ActivationName, activations } from './activations.ts';

export const cellNames = ['rnn', 'lstm', 'gru', 'gruBefore'] as const;
/** `gru` resets after the recurrent product, `gruBefore` before it. */
export type CellName = (typeof cellNames)[number];

/** What goes in. Shapes: B rows, T steps, C channels, H units; the gates in the order of the kernels. */
export interface RecurrentInput {
  B: number;
  T: number;
  C: number;
  H: number;
  /** From the last step to the first. */
  reverse?: boolean;
  /** Function of the gates; of no meaning to rnn. */
  gate: ActivationName;
  /** Function of the candidate, and of the cell of an lstm. */
  cell: ActivationName;
  /** `[B, T, C]` */
  x: ArrayLike<number>;
  /** `[B, T]`: 0 where a step is padding. The state stays as it was there, and y is 0. */
  mask?: ArrayLike<number> | undefined;
  /** `[C, G·H]` for G gates */
  kernel: ArrayLike<number>;
  /** `[H, G·H]` */
  recurrent: ArrayLike<number>;
  /** `[G·H]` */
  bias?: ArrayLike<number> | undefined;
  /** `[3H]`, only of gru */
  recurrentBias?: ArrayLike<number> | undefined;
  /** `[B, H]` */
  h0?: ArrayLike<number> | undefined;
  c0?: ArrayLike<number> | undefined;
  /** Gains of layer norm, H each, as the kernels take them: of an lstm also the shift of its cell. Default: no layer norm. */
  gains?: ArrayLike<number> | undefined;
  /** Factors of h on its way into the recurrent product `[B, H]`; default 1. */
  factors?: ArrayLike<number> | undefined;
  /** How much of its value before a state keeps at each step `[T, B, H]`; default 0. */
  keep?: ArrayLike<number> | undefined;
  keepCell?: ArrayLike<number> | undefined;
  /** Gradient of y `[B, T, H]` and of the last states `[B, H]` */
  dy?: ArrayLike<number> | undefined;
  dhLast?: ArrayLike<number> | undefined;
  dcLast?: ArrayLike<number> | undefined;
}

/** What comes out: y, the last states, and the gradient of everything that went in. */
export interface RecurrentOutput {
  y: Float64Array;
  hLast: Float64Array;
  cLast: Float64Array;
  dx: Float64Array;
  dkernel: Float64Array;
  drecurrent: Float64Array;
  dbias: Float64Array;
  drecurrentBias: Float64Array;
  dgains: Float64Array;
  dh0: Float64Array;
  dc0: Float64Array;
}

type Vector = Float64Array;
const zeros = (count: number): Vector => new Float64Array(count);

/** Row `index` of an array of rows; zeros where there is none. */
function row(from: ArrayLike<number> | undefined, index: number, length: number): Vector {
  const result = zeros(length);
  if (from) for (let i = 0; i < length; i++) result[i] = from[index * length + i]!;
  return result;
}

/** The weights and their gradients. */
interface Parameters {
  kernel: Vector;
  recurrent: Vector;
  bias: Vector;
  recurrentBias: Vector;
  /** None without layer norm. */
  gains: Vector;
  dkernel: Vector;
  drecurrent: Vector;
  dbias: Vector;
  drecurrentBias: Vector;
  dgains: Vector;
}

/** Gradients of what a step was given: its input and the states before it. */
interface StepGradient {
  dx: Vector;
  dh: Vector;
  dc: Vector;
  /** Of h as it entered the recurrent product. */
  dentering: Vector;
}

/** One step of one row: the states after it, and the way back, which adds to the gradients of the weights. */
interface Step {
  h: Vector;
  c: Vector;
  back(dh: Vector, dc: Vector): StepGradient;
}

type Cell = (
  weights: Parameters,
  gate: ActivationName,
  cell: ActivationName,
  x: Vector,
  h: Vector,
  c: Vector,
  entering: Vector,
) => Step;

/** `out[j] += Σ v[i]·W[i, j]` for the columns from `first` up to `end`. */
function addProduct(out: Vector, v: Vector, W: Vector, first = 0, end = out.length) {
  for (let i = 0; i < v.length; i++)
    for (let j = first; j < end; j++) out[j]! += v[i]! * W[i * out.length + j]!;
}

/** The way back: `dv[i] += Σ dout[j]·W[i, j]` and `dW[i, j] += v[i]·dout[j]`. */
function addProductGradient(
  dout: Vector,
  v: Vector,
  W: Vector,
  dv: Vector,
  dW: Vector,
  first = 0,
  end = dout.length,
) {
  for (let i = 0; i < v.length; i++)
    for (let j = first; j < end; j++) {
      dv[i]! += dout[j]! * W[i * dout.length + j]!;
      dW[i * dout.length + j]! += v[i]! * dout[j]!;
    }
}

function add(out: Vector, v: Vector) {
  for (let i = 0; i < v.length; i++) out[i]! += v[i]!;
}

/**
 * LN(v)∘gain in place of the columns from `first` up to `end`, whose gains begin at `gain`; gives the way back, which takes the
 * gradient to the columns as they were, in place. Nothing changes where there are no gains.
 */
function normalise({ gains, dgains }: Parameters, gain: number, v: Vector, first = 0, end = v.length) {
  if (gains.length === 0) return () => {};
  const block = v.slice(first, end);
  const mean = (values: Vector) => values.reduce((sum, each) => sum + each, 0) / values.length;
  const middle = mean(block);
  const spread = 1 / Math.sqrt(mean(block.map((each) => (each - middle) ** 2)) + 1e-5);
  const standard = block.map((each) => (each - middle) * spread);
  standard.forEach((each, i) => {
    v[first + i] = each * gains[gain + i]!;
  });
  return (dv: Vector) => {
    const down = standard.map((_, i) => dv[first + i]! * gains[gain + i]!);
    const slope = mean(down.map((each, i) => each * standard[i]!));
    const level = mean(down);
    standard.forEach((each, i) => {
      dgains[gain + i]! += dv[first + i]! * each;
      dv[first + i] = spread * (down[i]! - level - each * slope);
    });
  };
}

/** k∘before + (1 − k)∘made */
function mix(k: Vector, before: Vector, made: Vector): Vector {
  return made.map((each, u) => k[u]! * before[u]! + (1 - k[u]!) * each);
}

/** h′ = φ(x·W + h·U + b) */
const rnn: Cell = (weights, _gate, cell, x, h, _c, entering) => {
  const H = h.length;
  const phi = activations[cell];
  const sum = zeros(H);
  addProduct(sum, x, weights.kernel);
  addProduct(sum, entering, weights.recurrent);
  const backSum = normalise(weights, 0, sum);
  add(sum, weights.bias);
  return {
    h: sum.map(phi.value),
    c: zeros(H),
    back(dh) {
      const dsum = dh.map((each, u) => each * phi.slope(sum[u]!));
      const result = { dx: zeros(x.length), dh: zeros(H), dc: zeros(H), dentering: zeros(H) };
      add(weights.dbias, dsum);
      backSum(dsum);
      addProductGradient(dsum, x, weights.kernel, result.dx, weights.dkernel);
      addProductGradient(dsum, entering, weights.recurrent, result.dentering, weights.drecurrent);
      return result;
    },
  };
};

/** [i f g o] = x·W + h·U + b, c′ = σ(f)∘c + σ(i)∘φ(g), h′ = σ(o)∘φ(c′) */
const lstm: Cell = (weights, gate, cell, x, h, c, entering) => {
  const H = h.length;
  const sigma = activations[gate];
  const phi = activations[cell];
  const a = zeros(4 * H);
  addProduct(a, x, weights.kernel);
  const backInput = normalise(weights, 0, a);
  const m = zeros(4 * H);
  addProduct(m, entering, weights.recurrent);
  const backProduct = normalise(weights, 4 * H, m);
  const sum = weights.bias.map((each, j) => each + a[j]! + m[j]!);
  const i = sum.slice(0, H).map(sigma.value);
  const f = sum.slice(H, 2 * H).map(sigma.value);
  const g = sum.slice(2 * H, 3 * H).map(phi.value);
  const o = sum.slice(3 * H).map(sigma.value);
  const next = c.map((each, u) => f[u]! * each + i[u]! * g[u]!);
  const seen = next.slice();
  const backSeen = normalise(weights, 8 * H, seen);
  if (weights.gains.length > 0) add(seen, weights.gains.subarray(9 * H));
  return {
    h: o.map((each, u) => each * phi.value(seen[u]!)),
    c: next,
    back(dh, dcAfter) {
      const dsum = zeros(4 * H);
      const result = { dx: zeros(x.length), dh: zeros(H), dc: zeros(H), dentering: zeros(H) };
      const dseen = dh.map((each, u) => each * o[u]! * phi.slope(seen[u]!));
      if (weights.gains.length > 0) add(weights.dgains.subarray(9 * H), dseen);
      backSeen(dseen);
      for (let u = 0; u < H; u++) {
        const dc = dcAfter[u]! + dseen[u]!;
        dsum[u] = dc * g[u]! * sigma.slope(sum[u]!);
        dsum[H + u] = dc * c[u]! * sigma.slope(sum[H + u]!);
        dsum[2 * H + u] = dc * i[u]! * phi.slope(sum[2 * H + u]!);
        dsum[3 * H + u] = dh[u]! * phi.value(seen[u]!) * sigma.slope(sum[3 * H + u]!);
        result.dc[u] = dc * f[u]!;
      }
      const [da, dm] = [dsum.slice(), dsum.slice()];
      backInput(da);
      backProduct(dm);
      addProductGradient(da, x, weights.kernel, result.dx, weights.dkernel);
      addProductGradient(dm, entering, weights.recurrent, result.dentering, weights.drecurrent);
      add(weights.dbias, dsum);
      return result;
    },
  };
};

/** The two gates of a gru together, and the candidate for itself. */
function normaliseGates(weights: Parameters, gain: number, v: Vector) {
  const candidate = (2 * v.length) / 3;
  const backs = [
    normalise(weights, gain, v, 0, candidate),
    normalise(weights, gain + candidate, v, candidate),
  ];
  return (dv: Vector) => {
    for (const back of backs) back(dv);
  };
}

/** [ar az an] = x·W + b, [mr mz mn] = h·U + c, r = σ(ar + mr), z = σ(az + mz), n = φ(an + r∘mn), h′ = (1 − z)∘n + z∘h */
const gru: Cell = (weights, gate, cell, x, h, _c, entering) => {
  const H = h.length;
  const sigma = activations[gate];
  const phi = activations[cell];
  const a = zeros(3 * H);
  addProduct(a, x, weights.kernel);
  const backInput = normaliseGates(weights, 0, a);
  add(a, weights.bias);
  const m = zeros(3 * H);
  addProduct(m, entering, weights.recurrent);
  const backProduct = normaliseGates(weights, 3 * H, m);
  add(m, weights.recurrentBias);
  const sum = a.map((each, j) => each + m[j]!);
  const r = sum.slice(0, H).map(sigma.value);
  const z = sum.slice(H, 2 * H).map(sigma.value);
  for (let u = 0; u < H; u++) sum[2 * H + u] = a[2 * H + u]! + r[u]! * m[2 * H + u]!;
  const n = sum.slice(2 * H).map(phi.value);
  return {
    h: h.map((each, u) => (1 - z[u]!) * n[u]! + z[u]! * each),
    c: zeros(H),
    back(dh) {
      const da = zeros(3 * H);
      const dm = zeros(3 * H);
      const result = { dx: zeros(x.length), dh: zeros(H), dc: zeros(H), dentering: zeros(H) };
      for (let u = 0; u < H; u++) {
        const dn = dh[u]! * (1 - z[u]!) * phi.slope(sum[2 * H + u]!);
        const dr = dn * m[2 * H + u]! * sigma.slope(sum[u]!);
        const dz = dh[u]! * (h[u]! - n[u]!) * sigma.slope(sum[H + u]!);
        da[u] = dr;
        da[H + u] = dz;
        da[2 * H + u] = dn;
        dm[u] = dr;
        dm[H + u] = dz;
        dm[2 * H + u] = dn * r[u]!;
        result.dh[u] = dh[u]! * z[u]!;
      }
      add(weights.dbias, da);
      add(weights.drecurrentBias, dm);
      backInput(da);
      backProduct(dm);
      addProductGradient(da, x, weights.kernel, result.dx, weights.dkernel);
      addProductGradient(dm, entering, weights.recurrent, result.dentering, weights.drecurrent);
      return result;
    },
  };
};

/** r = σ(x·Wr + h·Ur + br), z likewise, n = φ(x·Wn + (r∘h)·Un + bn), h′ = (1 − z)∘n + z∘h */
const gruBefore: Cell = (weights, gate, cell, x, h, _c, entering) => {
  const H = h.length;
  const sigma = activations[gate];
  const phi = activations[cell];
  const a = zeros(3 * H);
  addProduct(a, x, weights.kernel);
  const backInput = normaliseGates(weights, 0, a);
  const m = zeros(3 * H);
  addProduct(m, entering, weights.recurrent, 0, 2 * H);
  const backGates = normalise(weights, 3 * H, m, 0, 2 * H);
  const sum = weights.bias.map((each, j) => each + a[j]! + m[j]!);
  const r = sum.slice(0, H).map(sigma.value);
  const z = sum.slice(H, 2 * H).map(sigma.value);
  const reset = entering.map((each, u) => r[u]! * each);
  addProduct(m, reset, weights.recurrent, 2 * H);
  const backCandidate = normalise(weights, 5 * H, m, 2 * H);
  for (let j = 2 * H; j < 3 * H; j++) sum[j]! += m[j]!;
  const n = sum.slice(2 * H).map(phi.value);
  return {
    h: h.map((each, u) => (1 - z[u]!) * n[u]! + z[u]! * each),
    c: zeros(H),
    back(dh) {
      const dsum = zeros(3 * H);
      const dreset = zeros(H);
      const result = { dx: zeros(x.length), dh: zeros(H), dc: zeros(H), dentering: zeros(H) };
      for (let u = 0; u < H; u++) {
        dsum[2 * H + u] = dh[u]! * (1 - z[u]!) * phi.slope(sum[2 * H + u]!);
        dsum[H + u] = dh[u]! * (h[u]! - n[u]!) * sigma.slope(sum[H + u]!);
      }
      const dm = dsum.slice();
      backCandidate(dm);
      addProductGradient(dm, reset, weights.recurrent, dreset, weights.drecurrent, 2 * H);
      for (let u = 0; u < H; u++) {
        dsum[u] = dreset[u]! * entering[u]! * sigma.slope(sum[u]!);
        dm[u] = dsum[u]!;
        result.dh[u] = dh[u]! * z[u]!;
        result.dentering[u] = dreset[u]! * r[u]!;
      }
      add(weights.dbias, dsum);
      backGates(dm);
      backInput(dsum);
      addProductGradient(dsum, x, weights.kernel, result.dx, weights.dkernel);
      addProductGradient(dm, entering, weights.recurrent, result.dentering, weights.drecurrent, 0, 2 * H);
      return result;
    },
  };
};

const cells: Record<CellName, { step: Cell; gates: number; gains: number }> = {
  rnn: { step: rnn, gates: 1, gains: 1 },
  lstm: { step: lstm, gates: 4, gains: 10 },
  gru: { step: gru, gates: 3, gains: 6 },
  gruBefore: { step: gruBefore, gates: 3, gains: 6 },
};

/** Gates of a cell: its weights have that many times H columns. */
export const gatesOf = (cell: CellName) => cells[cell].gates;

/** Gains of layer norm of a cell, in units of H. */
export const gainsOf = (cell: CellName) => cells[cell].gains;

/** Runs a layer forward and, from the gradients given, back through time. */
export function recurrentReference(cellName: CellName, input: RecurrentInput): RecurrentOutput {
  const { B, T, C, H, reverse = false, mask, gate, cell } = input;
  const { step, gates } = cells[cellName];
  const N = gates * H;
  const weights: Parameters = {
    kernel: Float64Array.from(input.kernel),
    recurrent: Float64Array.from(input.recurrent),
    bias: row(input.bias, 0, N),
    recurrentBias: row(input.recurrentBias, 0, N),
    gains: Float64Array.from(input.gains ?? []),
    dkernel: zeros(C * N),
    drecurrent: zeros(H * N),
    dbias: zeros(N),
    drecurrentBias: zeros(N),
    dgains: zeros(input.gains?.length ?? 0),
  };
  const y = zeros(B * T * H);
  const hLast = zeros(B * H);
  const cLast = zeros(B * H);
  const dx = zeros(B * T * C);
  const dh0 = zeros(B * H);
  const dc0 = zeros(B * H);
  for (let b = 0; b < B; b++) {
    const times = Array.from({ length: T }, (_, t) => b * T + t).filter((time) => mask?.[time] !== 0);
    if (reverse) times.reverse();
    let h = row(input.h0, b, H);
    let c = row(input.c0, b, H);
    const factors = input.factors ? row(input.factors, b, H) : zeros(H).fill(1);
    const steps = times.map((time) => {
      const [keep, keepCell] = [input.keep, input.keepCell].map((all) => row(all, (time % T) * B + b, H));
      const entering = h.map((each, u) => factors[u]! * each);
      const done = step(weights, gate, cell, row(input.x, time, C), h, c, entering);
      h = mix(keep!, h, done.h);
      c = mix(keepCell!, c, done.c);
      y.set(h, time * H);
      return { ...done, keep: keep!, keepCell: keepCell! };
    });
    hLast.set(h, b * H);
    cLast.set(c, b * H);
    let dh = row(input.dhLast, b, H);
    let dc = row(input.dcLast, b, H);
    for (let s = times.length - 1; s >= 0; s--) {
      add(dh, row(input.dy, times[s]!, H));
      const { back, keep, keepCell } = steps[s]!;
      const nothing = zeros(H);
      const gradient = back(mix(keep, nothing, dh), mix(keepCell, nothing, dc));
      dx.set(gradient.dx, times[s]! * C);
      dh = dh.map((each, u) => keep[u]! * each + gradient.dh[u]! + factors[u]! * gradient.dentering[u]!);
      dc = dc.map((each, u) => keepCell[u]! * each + gradient.dc[u]!);
    }
    dh0.set(dh, b * H);
    dc0.set(dc, b * H);
  }
  const { dkernel, drecurrent, dbias, drecurrentBias, dgains } = weights;
  return { y, hLast, cLast, dx, dkernel, drecurrent, dbias, drecurrentBias, dgains, dh0, dc0 };
}
