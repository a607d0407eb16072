// Sum of rows by their segment: the gradient of a gather, so of every embedding.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { makeZeros, type WasmBackend } from '../heap.ts';

/**
 * out[s] = Σ x[i] over all i with segmentIds[i] = s.
 * The shape of `segmentIds` is a prefix of the shape of `x`: `[...ids, ...rest]` → `[numSegments, ...rest]`.
 * Rows with a negative id are left out, as in TensorFlow.
 * @throws if an id is `numSegments` or more.
 */
export const unsortedSegmentSum: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as unknown as { numSegments: number };
  const heap = backend as WasmBackend;
  const rank = segmentIds.shape.length;
  if (segmentIds.shape.some((size, axis) => size !== x.shape[axis])) {
    throw new Error(
      `unsortedSegmentSum: segmentIds must be shaped like the first axes of x [${x.shape}], got [${segmentIds.shape}].`,
    );
  }
  const rest = x.shape.slice(rank);
  const width = rest.reduce((product, size) => product * size, 1);
  const out = makeZeros(heap, [numSegments, ...rest], x.dtype);
  const ids = heap.typedArrayFromHeap(segmentIds);
  const values = heap.typedArrayFromHeap(x);
  const sums = heap.typedArrayFromHeap(out);
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row]!;
    if (id < 0) continue;
    if (id >= numSegments) {
      heap.disposeData(out.dataId);
      throw new Error(`unsortedSegmentSum: ids must be below numSegments ${numSegments}, got ${id}.`);
    }
    for (let i = 0, from = row * width, to = id * width; i < width; i++) sums[to + i]! += values[from + i]!;
  }
  return out;
};
