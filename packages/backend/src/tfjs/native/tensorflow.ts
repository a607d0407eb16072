// TensorFlow's own operations through the binding of tfjs-node, without tfjs in between: 5 µs for a small one instead of 30.

import type { DataId, KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';

/** A tensor of TensorFlow. */
export interface Handle {
  id: number;
  shape: number[];
}

interface Attribute {
  name: string;
  type: number;
  value: number | boolean;
}

type Constant =
  | 'TF_FLOAT'
  | 'TF_INT32'
  | 'TF_INT64'
  | 'TF_ATTR_TYPE'
  | 'TF_ATTR_BOOL'
  | 'TF_ATTR_INT'
  | 'TF_ATTR_FLOAT';

/** What is used of the binding of tfjs-node. */
type Binding = Record<Constant, number> & {
  executeOp(name: string, attributes: Attribute[], inputs: number[], outputs: number): Handle[];
  createTensor(shape: number[], dtype: number, values: Int32Array | Float32Array): number;
  deleteTensor(id: number): void;
};

/** What is used of tfjs-node's backend. */
export interface NativeBackend extends KernelBackend {
  binding: Binding;
  getInputTensorIds(tensors: TensorInfo[]): number[];
  createOutputTensor(handle: Handle): Tensor;
  readSync(dataId: DataId): Float32Array | Int32Array | Uint8Array;
  incRef(dataId: DataId): void;
}

/** x `[T, B, C]`, states `[B, H]`, weights `[C + H, 4H]` and bias `[4H]`. */
interface LstmInputs {
  x: Handle;
  h0: Handle;
  c0: Handle;
  weights: Handle;
  bias: Handle;
}

/** TensorFlow's operations, as far as recurrent cells need them. All make new tensors; floats unless said otherwise. */
export type Tensorflow = ReturnType<typeof operations>;

/**
 * Calls `run` and frees all it made, but for what it returns, which become tensors of tfjs. What it returns must be made by
 * itself, each once.
 */
export function withTensorflow(backend: NativeBackend, run: (tensorflow: Tensorflow) => Handle[]): Tensor[] {
  const made = new Set<number>();
  try {
    const results = run(operations(backend, made));
    for (const { id } of results) made.delete(id);
    return results.map((handle) => backend.createOutputTensor(handle));
  } finally {
    for (const id of made) backend.binding.deleteTensor(id);
  }
}

function operations(backend: NativeBackend, made: Set<number>) {
  const { binding } = backend;
  const type = (name: string, value = binding.TF_FLOAT): Attribute => ({
    name,
    type: binding.TF_ATTR_TYPE,
    value,
  });
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const whole = (name: string, value: number): Attribute => ({ name, type: binding.TF_ATTR_INT, value });
  const float = [type('T')];
  const index = (name: string) => type(name, binding.TF_INT32);

  const many = (name: string, attributes: Attribute[], inputs: Handle[], outputs: number): Handle[] => {
    const ids = inputs.map(({ id }) => id);
    const results = binding.executeOp(name, attributes, ids, outputs);
    for (const { id } of results) made.add(id);
    return results;
  };
  const one = (name: string, attributes: Attribute[], ...inputs: Handle[]): Handle =>
    many(name, attributes, inputs, 1)[0]!;
  const create = (shape: number[], dtype: number, values: Int32Array | Float32Array): Handle => {
    const id = binding.createTensor(shape, dtype, values);
    made.add(id);
    return { id, shape };
  };
  // Sizes and axes come again at every step.
  const constants = new Map<string, Handle>();
  const constant = (key: string, make: () => Handle): Handle => {
    const known = constants.get(key) ?? make();
    constants.set(key, known);
    return known;
  };
  const integers = (...values: number[]) =>
    constant(`[${values}]`, () => create([values.length], binding.TF_INT32, Int32Array.from(values)));
  const integer = (value: number) =>
    constant(`${value}`, () => create([], binding.TF_INT32, Int32Array.of(value)));
  const unary = (name: string) => (x: Handle) => one(name, float, x);
  const binary = (name: string) => (a: Handle, b: Handle) => one(name, float, a, b);

  /** The number of steps, and the weights of peepholes, which there are none of. */
  const lstmInputs = ({ x, h0, c0, weights, bias }: LstmInputs): Handle[] => {
    const [T, H] = [x.shape[0]!, c0.shape[1]!];
    const steps = create([], binding.TF_INT64, Int32Array.of(T, 0));
    const unused = create([H], binding.TF_FLOAT, new Float32Array(H));
    return [steps, x, c0, h0, weights, unused, unused, unused, bias];
  };

  return {
    /** A tensor of tfjs. */
    of(tensor: TensorInfo): Handle {
      return { id: backend.getInputTensorIds([tensor])[0]!, shape: tensor.shape };
    },
    integers: (values: Int32Array, shape: number[]) => create(shape, binding.TF_INT32, values),
    zeros: (...shape: number[]) =>
      create(shape, binding.TF_FLOAT, new Float32Array(shape.reduce((product, size) => product * size, 1))),
    scalar: (value: number) => create([], binding.TF_FLOAT, Float32Array.of(value)),
    add: binary('AddV2'),
    multiply: binary('Mul'),
    subtract: binary('Sub'),
    tanh: unary('Tanh'),
    sigmoid: unary('Sigmoid'),
    relu: unary('Relu'),
    /** Gradients from the value y of the function and the gradient by it. */
    tanhGradient: binary('TanhGrad'),
    sigmoidGradient: binary('SigmoidGrad'),
    reluGradient: (y: Handle, dy: Handle) => one('ReluGrad', float, dy, y),
    /** a·b, or a·bᵀ. */
    matMul: (a: Handle, b: Handle, transposed = false) =>
      one('MatMul', [...float, flag('transpose_a', false), flag('transpose_b', transposed)], a, b),
    /** aᵀ·b, as tfjs-node does it. */
    transposedMatMul: (a: Handle, b: Handle) =>
      one('BatchMatMulV2', [...float, flag('adj_x', true), flag('adj_y', false)], a, b),
    reshape: (x: Handle, ...shape: number[]) =>
      one('Reshape', [...float, index('Tshape')], x, integers(...shape)),
    /** `[a, b, c]` → `[b, a, c]`. */
    swap: (x: Handle) => one('Transpose', [...float, index('Tperm')], x, integers(1, 0, 2)),
    /** From the last entry of the first axis to the first. */
    reverse: (x: Handle) => one('ReverseV2', [...float, index('Tidx')], x, integers(0)),
    concat: (axis: number, ...parts: Handle[]) =>
      one('ConcatV2', [whole('N', parts.length), ...float, index('Tidx')], ...parts, integer(axis)),
    /** Parts of the given sizes along an axis. */
    split: (x: Handle, axis: number, ...sizes: number[]) =>
      many(
        'SplitV',
        [whole('num_split', sizes.length), ...float, index('Tlen')],
        [x, integers(...sizes), integer(axis)],
        sizes.length,
      ),
    /** The entries of the first axis. */
    unpack: (x: Handle) =>
      many('Unpack', [whole('num', x.shape[0]!), ...float, whole('axis', 0)], [x], x.shape[0]!),
    pack: (parts: Handle[]) => one('Pack', [whole('N', parts.length), ...float, whole('axis', 0)], ...parts),
    slice: (x: Handle, begin: number[], size: number[]) =>
      one('Slice', [...float, index('Index')], x, integers(...begin), integers(...size)),
    /** Sum over the first axis. */
    sum: (x: Handle) => one('Sum', [...float, index('Tidx'), flag('keep_dims', false)], x, integers(0)),
    /** Rows of x by their numbers `[n]`. */
    gather: (x: Handle, rows: Handle) =>
      one(
        'GatherV2',
        [whole('batch_dims', 0), type('Tparams'), index('Tindices'), index('Taxis')],
        ...[x, rows, integer(0)],
      ),
    /** Rows `[n, c]` at the row numbers `[n, 1]`, in `[count, c]` that is 0 elsewhere. */
    scatter: (rows: Handle, at: Handle, count: number) =>
      one('ScatterNd', [...float, index('Tindices')], at, rows, integers(count, rows.shape[1]!)),
    /** A whole LSTM: gives i, c, f, o, tanh g, tanh c and h, `[T, B, H]` each. */
    lstm: (inputs: LstmInputs): Handle[] =>
      many(
        'BlockLSTMV2',
        [...float, { name: 'cell_clip', type: binding.TF_ATTR_FLOAT, value: 0 }, flag('use_peephole', false)],
        lstmInputs(inputs),
        7,
      ),
    /** Its gradients by x, c0, h0 and weights, three without meaning, and that by the bias; `made` is what it gave. */
    lstmGradient: (inputs: LstmInputs, made: Handle[], dc: Handle, dh: Handle): Handle[] =>
      many(
        'BlockLSTMGradV2',
        [...float, flag('use_peephole', false)],
        [...lstmInputs(inputs), ...made, dc, dh],
        8,
      ),
    /** A step of a GRU, reset before: gives r, z, n and h. Weights `[C + H, 2H]` and `[C + H, H]`. */
    gruStep: (x: Handle, h: Handle, ofGates: Handle, ofCandidate: Handle, bGates: Handle, b: Handle) =>
      many('GRUBlockCell', float, [x, h, ofGates, ofCandidate, bGates, b], 4),
  };
}
