/** @throws unless `value` is a whole number from `min`. */
export function checkWhole(what: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new Error(`${what} must be a whole number from ${min}, got ${value}.`);
}
