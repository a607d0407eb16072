// Putting sets of windows together, and taking some out of windows or other samples, without copying any.

import type { Batch, NdArray, SampleSource, Samples } from '../samples.ts';
import type { WindowSamples } from './windows.ts';

/**
 * The examples at `indices`, in that order; an index may repeat.
 * @throws if one is out of range, or the samples have an order of their own, as balanced batches and streams have.
 */
export function subset(samples: WindowSamples, indices: ArrayLike<number>): WindowSamples;
export function subset(samples: Samples, indices: ArrayLike<number>): Samples;
export function subset(samples: SampleSource, indices: ArrayLike<number>): SampleSource;
export function subset(samples: SampleSource | WindowSamples, indices: ArrayLike<number>): SampleSource {
  const { count, xShape, yShape } = samples;
  if (samples.order) {
    throw new Error(
      'subset: the samples have an order of their own, which is none of a part of them. Take the part first, then wrap it.',
    );
  }
  const chosen = Uint32Array.from(indices);
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < count)) {
      throw new Error(`subset: index ${index} is out of range, there are ${count} examples.`);
    }
  }
  const inParent = (some: ArrayLike<number>) => Uint32Array.from(some, (index) => checked(chosen, index));
  const part: SampleSource = {
    count: chosen.length,
    xShape,
    yShape,
    batch: (some, draw) => samples.batch(inParent(some), draw),
  };
  return 'origins' in samples ? { ...samples, ...part, ...windowsAt(samples, chosen, inParent) } : part;
}

/** What windows at `chosen` tell beside their batches. */
function windowsAt(
  samples: WindowSamples,
  chosen: Uint32Array,
  inParent: (some: ArrayLike<number>) => Uint32Array,
): Partial<WindowSamples> {
  const gaps = Uint8Array.from(chosen, (index) => samples.gaps[index]!);
  const pick = (values: Float64Array) => Float64Array.from(chosen, (index) => values[index]!);
  return {
    origins: pick(samples.origins),
    from: pick(samples.from),
    to: pick(samples.to),
    gaps,
    dropped: 0,
    masked: gaps.reduce((count, gap) => count + (gap ? 1 : 0), 0),
    reference: (some) => samples.reference(inParent(some)),
  };
}

/**
 * Pools windows of one layout, for example those of several stations, one set after the other.
 * @throws if their layouts differ: shapes, step, or the names, roles, shifts and units of columns and targets.
 */
export function concatSamples(...parts: WindowSamples[]): WindowSamples {
  const first = parts[0];
  if (!first) throw new Error('concatSamples: expected at least one set of windows, got none.');
  for (const part of parts) {
    const [want, got] = [layoutOf(first), layoutOf(part)];
    if (want !== got) {
      throw new Error(
        `concatSamples: expected windows of one layout, got ${got} after ${want}. ` +
          'Give the channels the same names (renameChannel) and use one specification.',
      );
    }
  }
  const starts: number[] = [];
  let count = 0;
  for (const part of parts) {
    starts.push(count);
    count += part.count;
  }
  const join = (of: (part: WindowSamples) => Float64Array) => {
    const out = new Float64Array(count);
    for (const [p, part] of parts.entries()) out.set(of(part), starts[p]!);
    return out;
  };
  const gaps = new Uint8Array(count);
  for (const [p, part] of parts.entries()) gaps.set(part.gaps, starts[p]!);

  // Per part: the positions in the batch that it fills, and its own indices.
  const shares = (indices: ArrayLike<number>) => {
    const found = parts.map(() => ({ at: [] as number[], own: [] as number[] }));
    for (let b = 0; b < indices.length; b++) {
      const index = indices[b]!;
      if (!(Number.isInteger(index) && index >= 0 && index < count)) {
        throw new Error(`concatSamples: index ${index} is out of range, there are ${count} windows.`);
      }
      let p = parts.length - 1;
      while (starts[p]! > index) p--;
      found[p]!.at.push(b);
      found[p]!.own.push(index - starts[p]!);
    }
    return found;
  };
  const [steps, C] = first.xShape as [number, number];
  const ySize = first.yShape.reduce((product, size) => product * size, 1);
  return {
    ...first,
    count,
    origins: join((part) => part.origins),
    from: join((part) => part.from),
    to: join((part) => part.to),
    gaps,
    dropped: parts.reduce((sum, part) => sum + part.dropped, 0),
    masked: parts.reduce((sum, part) => sum + part.masked, 0),
    batch(indices, draw): Batch {
      const B = indices.length;
      const x = empty([B, steps, C]);
      const y = empty([B, ...first.yShape]);
      let mask: NdArray | undefined;
      let weight: NdArray | undefined;
      for (const [p, { at, own }] of shares(indices).entries()) {
        if (own.length === 0) continue;
        const batch = parts[p]!.batch(own, draw);
        place(batch.x, x, at, steps * C);
        place(batch.y, y, at, ySize);
        if (batch.mask) {
          mask ??= { data: new Float32Array(B * steps).fill(1), shape: [B, steps] };
          place(batch.mask, mask, at, steps);
        }
        if (batch.weight) {
          weight ??= { data: new Float32Array(B * ySize).fill(1), shape: [B, ...first.yShape] };
          place(batch.weight, weight, at, ySize);
        }
      }
      return { x, y, ...(mask && { mask }), ...(weight && { weight }) };
    },
    reference(indices): NdArray {
      const out = empty([indices.length, ...first.yShape]);
      for (const [p, { at, own }] of shares(indices).entries()) {
        if (own.length > 0) place(parts[p]!.reference(own), out, at, ySize);
      }
      return out;
    },
  };
}

function checked(chosen: Uint32Array, index: number): number {
  if (!(Number.isInteger(index) && index >= 0 && index < chosen.length)) {
    throw new Error(`subset: index ${index} is out of range, there are ${chosen.length} examples.`);
  }
  return chosen[index]!;
}

function empty(shape: number[]): NdArray {
  return { data: new Float32Array(shape.reduce((product, size) => product * size, 1)), shape };
}

/** Puts row i of `from` at row `at[i]` of `to`. */
function place(from: NdArray, to: NdArray, at: number[], size: number): void {
  for (let i = 0; i < at.length; i++) {
    to.data.set(from.data.subarray(i * size, (i + 1) * size), at[i]! * size);
  }
}

function layoutOf(samples: WindowSamples): string {
  const columns = samples.inputChannels.map(
    (each) => `${each.name} ${each.role} +${each.shift} ${each.unit}`,
  );
  const targets = samples.targetChannels.map((each) => {
    const relative = samples.spec.relativeTo?.[each.name];
    return `${each.name} ${each.unit}${relative ? ` less ${relative}` : ''}`;
  });
  return `[${samples.xShape}] (${columns.join(', ')}) → [${samples.yShape}] (${targets.join(', ')}) at ${samples.step} ms`;
}
