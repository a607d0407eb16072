// The same mathematics as the kernels, as directly as it can be written, in float64. For small shapes only.

/** A dense array in float64, row-major. */
export interface Reference {
  shape: number[];
  data: Float64Array;
}

/** What a convolution over `[B, H, W, C]` needs to know. */
export interface Geometry {
  x: [number, number, number, number];
  /** `[fh, fw, C, K]`, or `[fh, fw, C, M]` for a depthwise one. */
  filter: [number, number, number, number];
  strides: [number, number];
  dilations: [number, number];
  /** Rows and columns of padding before the image. */
  before: [number, number];
  /** Output height and width. */
  out: [number, number];
}

const size = (shape: number[]) => shape.reduce((product, each) => product * each, 1);
const zeros = (shape: number[]): Reference => ({ shape, data: new Float64Array(size(shape)) });

/** Row-major position of `index` in `shape`. */
const at = (shape: number[], ...index: number[]) =>
  index.reduce((position, each, axis) => position * shape[axis]! + each, 0);

/** Calls `visit` for every output pixel and filter tap that meet inside the image. */
function eachTap(
  { x, filter, strides, dilations, before, out }: Geometry,
  visit: (b: number, i: number, j: number, r: number, s: number, y: number, z: number) => void,
) {
  for (let b = 0; b < x[0]; b++)
    for (let i = 0; i < out[0]; i++)
      for (let j = 0; j < out[1]; j++)
        for (let r = 0; r < filter[0]; r++)
          for (let s = 0; s < filter[1]; s++) {
            const y = i * strides[0] + r * dilations[0] - before[0];
            const z = j * strides[1] + s * dilations[1] - before[1];
            if (y >= 0 && y < x[1] && z >= 0 && z < x[2]) visit(b, i, j, r, s, y, z);
          }
}

/** The convolution of `x` by `w`. */
export function conv2d(geometry: Geometry, x: ArrayLike<number>, w: ArrayLike<number>) {
  const [, , C, K] = geometry.filter;
  const result = zeros([geometry.x[0], ...geometry.out, K]);
  eachTap(geometry, (b, i, j, r, s, y, z) => {
    const [from, tap, to] = [
      at(geometry.x, b, y, z, 0),
      at(geometry.filter, r, s, 0, 0),
      at(result.shape, b, i, j, 0),
    ];
    for (let c = 0; c < C; c++)
      for (let k = 0; k < K; k++) result.data[to + k]! += x[from + c]! * w[tap + c * K + k]!;
  });
  return result;
}

/** ∂Σ(dy·conv2d(x, w))/∂w. */
export function conv2dFilterGradient(geometry: Geometry, x: ArrayLike<number>, dy: ArrayLike<number>) {
  const [, , C, K] = geometry.filter;
  const result = zeros([...geometry.filter]);
  const dyShape = [geometry.x[0], ...geometry.out, K];
  eachTap(geometry, (b, i, j, r, s, y, z) => {
    const [from, tap, to] = [
      at(geometry.x, b, y, z, 0),
      at(result.shape, r, s, 0, 0),
      at(dyShape, b, i, j, 0),
    ];
    for (let c = 0; c < C; c++)
      for (let k = 0; k < K; k++) result.data[tap + c * K + k]! += x[from + c]! * dy[to + k]!;
  });
  return result;
}

/** ∂Σ(dy·conv2d(x, w))/∂x. */
export function conv2dInputGradient(geometry: Geometry, w: ArrayLike<number>, dy: ArrayLike<number>) {
  const [, , C, K] = geometry.filter;
  const result = zeros([...geometry.x]);
  const dyShape = [geometry.x[0], ...geometry.out, K];
  eachTap(geometry, (b, i, j, r, s, y, z) => {
    const [from, tap, to] = [
      at(geometry.x, b, y, z, 0),
      at(geometry.filter, r, s, 0, 0),
      at(dyShape, b, i, j, 0),
    ];
    for (let c = 0; c < C; c++)
      for (let k = 0; k < K; k++) result.data[from + c]! += w[tap + c * K + k]! * dy[to + k]!;
  });
  return result;
}

/** The depthwise convolution of `x` by `w`. */
export function depthwise(geometry: Geometry, x: ArrayLike<number>, w: ArrayLike<number>) {
  const [, , C, M] = geometry.filter;
  const result = zeros([geometry.x[0], ...geometry.out, C * M]);
  eachTap(geometry, (b, i, j, r, s, y, z) => {
    for (let c = 0; c < C; c++)
      for (let m = 0; m < M; m++)
        result.data[at(result.shape, b, i, j, c * M + m)]! +=
          x[at(geometry.x, b, y, z, c)]! * w[at(geometry.filter, r, s, c, m)]!;
  });
  return result;
}

/** ∂Σ(dy·depthwise(x, w))/∂w. */
export function depthwiseFilterGradient(geometry: Geometry, x: ArrayLike<number>, dy: ArrayLike<number>) {
  const [, , C, M] = geometry.filter;
  const result = zeros([...geometry.filter]);
  const dyShape = [geometry.x[0], ...geometry.out, C * M];
  eachTap(geometry, (b, i, j, r, s, y, z) => {
    for (let c = 0; c < C; c++)
      for (let m = 0; m < M; m++)
        result.data[at(result.shape, r, s, c, m)]! +=
          x[at(geometry.x, b, y, z, c)]! * dy[at(dyShape, b, i, j, c * M + m)]!;
  });
  return result;
}

/** ∂Σ(dy·depthwise(x, w))/∂x. */
export function depthwiseInputGradient(geometry: Geometry, w: ArrayLike<number>, dy: ArrayLike<number>) {
  const [, , C, M] = geometry.filter;
  const result = zeros([...geometry.x]);
  const dyShape = [geometry.x[0], ...geometry.out, C * M];
  eachTap(geometry, (b, i, j, r, s, y, z) => {
    for (let c = 0; c < C; c++)
      for (let m = 0; m < M; m++)
        result.data[at(geometry.x, b, y, z, c)]! +=
          w[at(geometry.filter, r, s, c, m)]! * dy[at(dyShape, b, i, j, c * M + m)]!;
  });
  return result;
}

/** Σ of the rows of `x`, each `width` long: the gradient of a bias. */
export function rowSum(x: ArrayLike<number>, width: number) {
  const result = zeros([width]);
  for (let i = 0; i < x.length; i++) result.data[i % width]! += x[i]!;
  return result;
}

/** Σ of the rows of `x` by segment; negative ids are left out. */
export function segmentSum(x: ArrayLike<number>, ids: ArrayLike<number>, width: number, segments: number) {
  const result = zeros([segments, width]);
  for (let row = 0; row < ids.length; row++)
    for (let i = 0; i < width; i++)
      if (ids[row]! >= 0) result.data[at(result.shape, ids[row]!, i)]! += x[row * width + i]!;
  return result;
}

/** The pixels of `x` in the window of each output value, by position in the output. */
function poolWindows(geometry: Geometry) {
  const [B, , , C] = geometry.x;
  const shape = [B, ...geometry.out, C];
  const windows: number[][] = Array.from({ length: size(shape) }, () => []);
  eachTap(geometry, (b, i, j, _r, _s, y, z) => {
    for (let c = 0; c < C; c++) windows[at(shape, b, i, j, c)]!.push(at(geometry.x, b, y, z, c));
  });
  return { shape, windows };
}

/** Largest value (NaN where there is one), or mean, of each window of `filter[0] × filter[1]`. A mean counts pixels of the image only. */
export function pool(kind: 'max' | 'mean', geometry: Geometry, x: ArrayLike<number>): Reference {
  const { shape, windows } = poolWindows(geometry);
  const data = windows.map((pixels) => {
    const values = pixels.map((each) => x[each]!);
    return kind === 'max' ? Math.max(...values) : values.reduce((sum, each) => sum + each, 0) / values.length;
  });
  return { shape, data: Float64Array.from(data) };
}

/** ∂Σ(dy·pool(x))/∂x; the first maximum, or the first NaN, takes it all. */
export function poolGradient(
  kind: 'max' | 'mean',
  geometry: Geometry,
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
): Reference {
  const result = zeros([...geometry.x]);
  for (const [position, pixels] of poolWindows(geometry).windows.entries()) {
    const largest = pixels.reduce((best, each) => {
      if (Number.isNaN(x[best]!)) return best;
      return x[each]! > x[best]! || Number.isNaN(x[each]!) ? each : best;
    });
    for (const each of pixels) {
      const share = kind === 'mean' ? 1 / pixels.length : each === largest ? 1 : 0;
      result.data[each]! += dy[position]! * share;
    }
  }
  return result;
}
