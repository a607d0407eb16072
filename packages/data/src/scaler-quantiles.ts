// Exact quantiles of float32 values that come in blocks, without holding them: a radix selection in two passes.
// The bits of a float32, with the order of negative numbers turned round, sort as whole numbers do. The first pass
// counts their upper 16 bits, the second the lower 16 within the few groups that hold the wanted ranks.

/**
 * Quantiles per channel at `levels`, interpolated linearly between ranks (type 7 of Hyndman and Fan 1996).
 * Values that are not finite are left out; a channel without values gives undefined.
 * `blocks` hands rows of `channels` values to its visitor and is called twice.
 */
export function channelQuantiles(
  channels: number,
  levels: readonly number[],
  blocks: (visit: (data: Float32Array) => void) => void,
): (number[] | undefined)[] {
  const counts = Array.from({ length: channels }, () => new Float64Array(1 << 16));
  const totals = new Float64Array(channels);
  visitKeys(channels, blocks, (channel, key) => {
    counts[channel]![key >>> 16]!++;
    totals[channel]!++;
  });

  // The ranks wanted per channel, and the group each lies in with its rank there.
  const wanted = counts.map((histogram, channel) => {
    const ranks = new Set<number>();
    for (const level of levels) {
      const position = level * (totals[channel]! - 1);
      ranks.add(Math.floor(position)).add(Math.ceil(position));
    }
    return [...ranks].map((rank) => ({ rank, ...groupOf(histogram, rank) }));
  });
  const fine = wanted.map((each) => new Map(each.map(({ group }) => [group, new Float64Array(1 << 16)])));
  visitKeys(channels, blocks, (channel, key) => {
    const histogram = fine[channel]!.get(key >>> 16);
    if (histogram) histogram[key & 0xffff]!++;
  });

  return counts.map((_, channel) => {
    if (totals[channel] === 0) return undefined;
    const values = new Map<number, number>();
    for (const { rank, group, inGroup } of wanted[channel]!) {
      const low = groupOf(fine[channel]!.get(group)!, inGroup).group;
      values.set(rank, valueOfKey(((group << 16) | low) >>> 0));
    }
    return levels.map((level) => {
      const position = level * (totals[channel]! - 1);
      const below = values.get(Math.floor(position))!;
      const above = values.get(Math.ceil(position))!;
      return below + (above - below) * (position - Math.floor(position));
    });
  });
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

function visitKeys(
  channels: number,
  blocks: (visit: (data: Float32Array) => void) => void,
  visit: (channel: number, key: number) => void,
): void {
  blocks((data) => {
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      if (Number.isFinite(value)) visit(i % channels, keyOf(value));
    }
  });
}

/** A whole number that sorts as the value does. */
function keyOf(value: number): number {
  float[0] = value;
  const raw = bits[0]!;
  return (raw & 0x80000000 ? ~raw : raw | 0x80000000) >>> 0;
}

function valueOfKey(key: number): number {
  bits[0] = key & 0x80000000 ? key & 0x7fffffff : ~key;
  return float[0]!;
}

function groupOf(histogram: Float64Array, rank: number): { group: number; inGroup: number } {
  let group = 0;
  let left = rank;
  while (group < histogram.length - 1 && left >= histogram[group]!) left -= histogram[group++]!;
  return { group, inGroup: left };
}
