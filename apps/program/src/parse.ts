// Turns the text of command-line options into values, each refusal one sentence that says what is wanted.

import { InvalidArgumentError } from 'commander';

/** A parser of a whole number within bounds, for commander. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text.trim()) || value < low || value > high) {
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    }
    return value;
  };
}

/** A parser of one or more words out of a list, for commander. */
export function words<T extends string>(allowed: readonly T[]): (text: string) => T[] {
  return (text) => {
    const chosen = text.split(',').map((word) => word.trim().toLowerCase());
    const wrong = chosen.filter((word) => !allowed.includes(word as T));
    if (wrong.length > 0 || chosen.length === 0) {
      throw new InvalidArgumentError(`Choose from ${allowed.join(', ')}, with commas between.`);
    }
    return [...new Set(chosen)] as T[];
  };
}
