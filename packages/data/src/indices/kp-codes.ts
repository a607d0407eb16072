// The ways files write Kp, a number of thirds from 0 to 9, turned back into exact thirds.

/** The 28 values of ap [2 nT], for Kp = 0, 1/3, … 9 (Bartels; Matzka et al. 2021, doi 10.1029/2020SW002641). */
export const AP_OF_THIRDS: readonly number[] = [
  0, 2, 3, 4, 5, 6, 7, 9, 12, 15, 18, 22, 27, 32, 39, 48, 56, 67, 80, 94, 111, 132, 154, 179, 207, 236, 300,
  400,
];

const AP_VALUES = new Set(AP_OF_THIRDS);

/**
 * Kp in exact thirds from ten times Kp as files write it: 27 → 8/3 (3−), 30 → 3, 33 → 10/3 (3+).
 * NaN for what is no such code, for example 25 or 93. Made to be the `scale` of a column of `readCsv`.
 */
export function kpFromTenths(code: number): number {
  const thirds = Math.round((code * 3) / 10);
  if (thirds < 0 || thirds > 27) return Number.NaN;
  // Not toFixed or division by ten: 3.3 and 6.7 tenths must not differ by rounding.
  return Math.round((thirds * 10) / 3) === code ? thirds / 3 : Number.NaN;
}

/** Kp in exact thirds from a decimal such as 2.667 or 2.67; NaN if it is farther than 0.01 from any third. */
export function kpFromDecimal(value: number): number {
  const thirds = Math.round(value * 3);
  if (thirds < 0 || thirds > 27) return Number.NaN;
  return Math.abs(thirds / 3 - value) <= 0.01 ? Math.abs(thirds) / 3 : Number.NaN;
}

/** Whether `value` is one of the 28 values that ap can have. */
export function isAp(value: number): boolean {
  return AP_VALUES.has(value);
}
