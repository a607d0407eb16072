// How libraries name and lay out the weights of a layer, next to how they stand here.

import type { NdArray } from '@tidecast/data';

/** Whose names and layouts a set of weights has. */
export type WeightLayout = 'tidecast' | 'pytorch' | 'keras';

/** A weight of a model: what it is in its layer, and what to know for turning it. */
export interface WeightPlace {
  /** Type of its layer, for example `cnn2d`. */
  type: string;
  /** Name in its layer, for example `kernel` or `mean`. */
  role: string;
  /** Shape here. */
  shape: readonly number[];
  /** Shape of what was flattened right before a dense layer, `[H, W, C]` or `[T, C]`; absent: nothing was. */
  flattened?: readonly number[];
}

interface Layout {
  /** Names a weight may have in its layer there; the first is named in messages. */
  names(place: WeightPlace): readonly string[];
  /** Shape there; null where any size will do that makes up the number of values. */
  shape(place: WeightPlace): readonly (number | null)[];
  /** Values in the order here. */
  turn(values: Float32Array, place: WeightPlace): Float32Array;
}

const CONVOLUTIONS = ['cnn1d', 'cnn2d', 'depthwiseCnn2d'];

/** Types of layers whose weights another library's layout is known for. */
export const TURNED_LAYERS = [...CONVOLUTIONS, 'dense', 'batchNorm'];

const asIs = (values: Float32Array) => values;

const tidecast: Layout = {
  names: ({ role }) => [role],
  shape: ({ shape }) => shape,
  turn: asIs,
};

/** Kernels `[out, in, ...size]` and `[out, in]`; pictures are flattened channel by channel. */
const pytorch: Layout = {
  names: ({ role }) => [
    {
      kernel: 'weight',
      gamma: 'weight',
      beta: 'bias',
      mean: 'running_mean',
      variance: 'running_var',
    }[role] ?? role,
  ],
  shape({ role, shape }) {
    if (role !== 'kernel') return shape;
    const [inputs, outputs] = shape.slice(-2) as [number, number];
    return [outputs, inputs, ...shape.slice(0, -2)];
  },
  turn(values, { role, shape, flattened }) {
    if (role !== 'kernel') return values;
    const [inputs, outputs] = shape.slice(-2) as [number, number];
    const size = values.length / (inputs * outputs);
    const turned = new Float32Array(values.length);
    const from = flattened ? channelsFirst(flattened) : undefined;
    for (let place = 0; place < size; place++) {
      for (let i = 0; i < inputs; i++) {
        const there = from ? from[i]! : i;
        const row = (place * inputs + i) * outputs;
        for (let o = 0; o < outputs; o++) turned[row + o] = values[(o * inputs + there) * size + place]!;
      }
    }
    return turned;
  },
};

/** Kernels as here, but for depthwise ones: `[height, width, C, M]`. */
const keras: Layout = {
  names({ type, role }) {
    const position = { kernel: 0, gamma: 0, bias: 1, beta: 1, mean: 2, variance: 3 }[role];
    const named = { mean: 'moving_mean', variance: 'moving_variance' }[role] ?? role;
    return [
      ...(type === 'depthwiseCnn2d' && role === 'kernel' ? ['depthwise_kernel'] : []),
      named,
      ...(position === undefined ? [] : [`vars.${position}`]),
    ];
  },
  shape({ type, role, shape }) {
    if (type !== 'depthwiseCnn2d' || role !== 'kernel') return shape;
    return [shape[0]!, shape[1]!, null, null];
  },
  turn: asIs,
};

/** Every layout by its name. */
export const weightLayouts: Readonly<Record<WeightLayout, Layout>> = { tidecast, pytorch, keras };

/** Where each value of a flattened `[...size, C]` stands where it was flattened as `[C, ...size]`. */
function channelsFirst(shape: readonly number[]): Uint32Array {
  const channels = shape[shape.length - 1]!;
  const places = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return Uint32Array.from({ length: places * channels }, (_, i) => {
    return (i % channels) * places + Math.floor(i / channels);
  });
}

/**
 * The values of `array` as they stand here.
 * @throws where its shape is another than the layout has for the place, naming both.
 */
export function turnWeight(
  layout: WeightLayout,
  place: WeightPlace,
  { name, array }: { name: string; array: NdArray },
): Float32Array {
  const rule = weightLayouts[layout];
  const expected = rule.shape(place);
  const size = place.shape.reduce((product, each) => product * each, 1);
  const same =
    array.shape.length === expected.length &&
    array.shape.every((each, i) => expected[i] === null || each === expected[i]) &&
    array.shape.reduce((product, each) => product * each, 1) === size;
  if (same && array.data.length === size) return rule.turn(array.data, place);
  throw new Error(
    `'${name}' must be [${expected.map((each) => each ?? 'any').join(', ')}] in the layout of ${layout}, got [${array.shape.join(', ')}] with ` +
      `${array.data.length} values`,
  );
}
