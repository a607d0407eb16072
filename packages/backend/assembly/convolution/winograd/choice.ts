// Which convolutions go through Winograd's minimal filtering: those that it makes faster.

/** True where the geometry is one that tiles can do, and they are faster than plain sums. */
export function winogradWins(
  batch: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
): bool {
  const square = filterHeight == 3 && filterWidth == 3;
  const plain = strideHeight == 1 && strideWidth == 1 && dilationHeight == 1 && dilationWidth == 1;
  return square && plain && batch * outHeight * outWidth > 0 && channels >= 4 && outChannels >= 4;
}
