// Keeps one bad batch from throwing the weights far away. Recurrent nets need it (Pascanu et al. 2013).

import { checkNumber } from '../check.ts';

/** Limits on gradients; by value first where both are given. */
export interface ClipOptions {
  /** Largest Euclidean norm of all gradients together; larger ones are scaled down to it. */
  norm?: number;
  /** Largest size of one gradient value; larger ones are cut. */
  value?: number;
}

/** What clipping did to the gradients of one step. */
export interface ClipResult {
  gradients: Float32Array[];
  /** Norm before any clipping; not finite where a gradient is not. */
  norm: number;
  byNorm: boolean;
  byValue: boolean;
}

/** @throws if a limit is not a positive number. */
export function checkClip({ norm, value }: ClipOptions): void {
  if (norm !== undefined) checkNumber('fit: clip.norm', norm, { above: 0 });
  if (value !== undefined) checkNumber('fit: clip.value', value, { above: 0 });
}

/** Euclidean norm of all arrays together, summed in float64. */
export function globalNorm(arrays: readonly Float32Array[]): number {
  let sum = 0;
  for (const array of arrays) for (let i = 0; i < array.length; i++) sum += array[i]! * array[i]!;
  return Math.sqrt(sum);
}

// Plain loops: callbacks of typed arrays' `map` cost ten times as much.

function exceeds(arrays: readonly Float32Array[], limit: number): boolean {
  return arrays.some((array) => {
    for (let i = 0; i < array.length; i++) if (array[i]! > limit || array[i]! < -limit) return true;
    return false;
  });
}

function cutAt(limit: number, array: Float32Array): Float32Array {
  const result = new Float32Array(array.length);
  for (let i = 0; i < array.length; i++) {
    const g = array[i]!;
    result[i] = Math.min(limit, Math.max(-limit, g));
  }
  return result;
}

function scaled(factor: number, array: Float32Array): Float32Array {
  const result = new Float32Array(array.length);
  for (let i = 0; i < array.length; i++) result[i] = factor * array[i]!;
  return result;
}

/**
 * Applies the limits. The arrays given are never changed: some backends hand out the same one for two weights.
 * Scaling by norm multiplies by norm_max / (norm + 1e-6), as torch.nn.utils.clip_grad_norm_ does.
 */
export function clipGradients(gradients: Float32Array[], { norm, value }: ClipOptions = {}): ClipResult {
  const raw = globalNorm(gradients);
  if (!Number.isFinite(raw)) return { gradients, norm: raw, byNorm: false, byValue: false };
  const byValue = value !== undefined && exceeds(gradients, value);
  const cut = byValue ? gradients.map((array) => cutAt(value, array)) : gradients;
  const size = byValue ? globalNorm(cut) : raw;
  const byNorm = norm !== undefined && size > norm;
  if (!byNorm) return { gradients: cut, norm: raw, byNorm, byValue };
  const scale = norm / (size + 1e-6);
  return { gradients: cut.map((array) => scaled(scale, array)), norm: raw, byNorm, byValue };
}
