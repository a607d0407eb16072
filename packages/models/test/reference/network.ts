// Networks as naive loops in float64, one example at a time, written from the equations and for no other purpose
// than to be compared with. No padding, no masks: an unpadded sequence is what a masked one must agree with.

import type { Cnn1dSettings, LayerConfig, ModelConfig } from '../../src/index.ts';

type Rows = number[][];
type Weights = Readonly<Record<string, ArrayLike<number>>>;
type WeightOf = (name: string) => ArrayLike<number>;

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const functions: Record<string, (v: number) => number> = {
  linear: (v) => v,
  tanh: Math.tanh,
  relu: (v) => Math.max(0, v),
  sigmoid,
};

/** One example `x [T, C]` through the layers of `config`; rows `[T, C]`, or one row `[1, F]`. */
export function referenceNetwork(config: ModelConfig, weights: Weights, x: Rows): Rows {
  return config.layers.reduce((rows, layer, index) => {
    const run = layers[layer.type];
    if (!run) throw new Error(`no reference for ${layer.type}`);
    return run(layer, (name) => weights[`${index}.${layer.type}.${name}`]!, rows);
  }, x);
}

/** `Σ_i v[i]·m[i, column]` for a row-major matrix with `columns` columns. */
function dot(v: readonly number[], m: ArrayLike<number>, columns: number, column: number): number {
  return v.reduce((sum, value, i) => sum + value * m[i * columns + column]!, 0);
}

interface State {
  h: number[];
  c: number[];
}

type Step = (layer: LayerConfig, weight: WeightOf, x: readonly number[], state: State) => State;

const steps: Record<string, Step> = {
  rnn(layer, weight, x, { h, c }) {
    const units = layer.units as number;
    const f = functions[(layer.activation as string) ?? 'tanh']!;
    const next = h.map((_, j) =>
      f(dot(x, weight('kernel'), units, j) + dot(h, weight('recurrent'), units, j) + weight('bias')[j]!),
    );
    return { h: next, c };
  },
  lstm(layer, weight, x, { h, c }) {
    const units = layer.units as number;
    const gate = (g: number, j: number) => {
      const at = g * units + j;
      return (
        dot(x, weight('kernel'), 4 * units, at) +
        dot(h, weight('recurrent'), 4 * units, at) +
        weight('bias')[at]!
      );
    };
    const nextC = c.map((old, j) => sigmoid(gate(1, j)) * old + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)));
    return { h: nextC.map((value, j) => sigmoid(gate(3, j)) * Math.tanh(value)), c: nextC };
  },
  gru(layer, weight, x, { h, c }) {
    const units = layer.units as number;
    const after = layer.resetAfter !== false;
    const ofInput = (g: number, j: number) =>
      dot(x, weight('kernel'), 3 * units, g * units + j) + weight('bias')[g * units + j]!;
    const ofState = (g: number, j: number, from: readonly number[]) =>
      dot(from, weight('recurrent'), 3 * units, g * units + j) +
      (after ? weight('recurrentBias')[g * units + j]! : 0);
    const r = h.map((_, j) => sigmoid(ofInput(0, j) + ofState(0, j, h)));
    const z = h.map((_, j) => sigmoid(ofInput(1, j) + ofState(1, j, h)));
    const reset = h.map((value, j) => r[j]! * value);
    const n = h.map((_, j) =>
      Math.tanh(ofInput(2, j) + (after ? r[j]! * ofState(2, j, h) : ofState(2, j, reset))),
    );
    return { h: h.map((old, j) => (1 - z[j]!) * n[j]! + z[j]! * old), c };
  },
};

function recurrent(layer: LayerConfig, weight: WeightOf, rows: Rows): Rows {
  const zeros = () => new Array<number>(layer.units as number).fill(0);
  const scan = (sequence: Rows, prefix: string) => {
    let state: State = { h: zeros(), c: zeros() };
    return sequence.map((x) => {
      state = steps[layer.type]!(layer, (name) => weight(prefix + name), x, state);
      return state.h;
    });
  };
  if (!layer.bidirectional) {
    const states = scan(rows, '');
    return layer.returnSequences ? states : states.slice(-1);
  }
  const forward = scan(rows, 'forward.');
  const backward = scan([...rows].reverse(), 'backward.').reverse();
  const joined = forward.map((row, t) => [...row, ...backward[t]!]);
  return layer.returnSequences ? joined : [[...forward[forward.length - 1]!, ...backward[0]!]];
}

function cnn1d(layer: LayerConfig, weight: WeightOf, rows: Rows): Rows {
  const { kernelSize, stride, dilation, filters, padding } = {
    ...{ kernelSize: 2, stride: 1, dilation: 1, padding: 'valid' },
    ...layer,
  } as unknown as Required<Cnn1dSettings>;
  const f = functions[(layer.activation as string) ?? 'relu']!;
  const channels = rows[0]!.length;
  const zeros = padding === 'valid' ? 0 : dilation * (kernelSize - 1);
  const before = padding === 'causal' ? zeros : Math.floor(zeros / 2);
  const results: Rows = [];
  for (
    let start = -before;
    start + dilation * (kernelSize - 1) < rows.length + zeros - before;
    start += stride
  ) {
    const result: number[] = [];
    for (let o = 0; o < filters; o++) {
      let sum = weight('bias')[o]!;
      for (let k = 0; k < kernelSize; k++) {
        const row = rows[start + k * dilation];
        if (!row) continue;
        for (let c = 0; c < channels; c++)
          sum += row[c]! * weight('kernel')[(k * channels + c) * filters + o]!;
      }
      result.push(f(sum));
    }
    results.push(result);
  }
  return results;
}

function pool(layer: LayerConfig, rows: Rows, reduce: (values: number[]) => number): Rows {
  const size = (layer.poolSize as number) ?? 2;
  const stride = (layer.stride as number) ?? size;
  const results: Rows = [];
  for (let start = 0; start + size <= rows.length; start += stride) {
    const window = rows.slice(start, start + size);
    results.push(window[0]!.map((_, c) => reduce(window.map((row) => row[c]!))));
  }
  return results;
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const largest = (values: number[]) => Math.max(...values);

const layers: Record<string, (layer: LayerConfig, weight: WeightOf, rows: Rows) => Rows> = {
  rnn: recurrent,
  lstm: recurrent,
  gru: recurrent,
  cnn1d,
  maxPool1d: (layer, _weight, rows) => pool(layer, rows, largest),
  averagePool1d: (layer, _weight, rows) => pool(layer, rows, mean),
  globalPool1d: ({ mode }, _weight, rows) => {
    if (mode === 'last') return rows.slice(-1);
    return [rows[0]!.map((_, c) => (mode === 'max' ? largest : mean)(rows.map((row) => row[c]!)))];
  },
  dense: ({ units, activation }, weight, rows) =>
    rows.map((row) =>
      Array.from({ length: units as number }, (_, j) =>
        functions[(activation as string) ?? 'linear']!(
          dot(row, weight('kernel'), units as number, j) + weight('bias')[j]!,
        ),
      ),
    ),
};
