// What is known about a text without a memory, and with a memory of one letter.

/** Entropies of a text of codes [nats a letter]: the least that any model of that memory can reach on it. */
export interface LetterEntropies {
  /** −Σ p(a) ln p(a). */
  unigram: number;
  /** −Σ p(a, b) ln p(b | a). */
  bigram: number;
}

/** The entropies of codes 0 … classes − 1, by their own frequencies. */
export function letterEntropies(codes: ArrayLike<number>, classes: number): LetterEntropies {
  const pairs = countPairs(codes, classes);
  const singles = new Float64Array(classes);
  for (let i = 0; i < codes.length; i++) singles[codes[i]!]!++;
  return {
    unigram: surprise(singles) / codes.length,
    bigram: pairs.reduce((sum, counts) => sum + surprise(counts), 0) / (codes.length - 1),
  };
}

/** ln p(b | a) for every a, as lists of b; −∞ for what never follows. */
export function bigramLogits(codes: ArrayLike<number>, classes: number): Float64Array[] {
  return countPairs(codes, classes).map((counts) => counts.map(Math.log));
}

/** How often b follows a. */
function countPairs(codes: ArrayLike<number>, classes: number): Float64Array[] {
  const pairs = Array.from({ length: classes }, () => new Float64Array(classes));
  for (let i = 1; i < codes.length; i++) pairs[codes[i - 1]!]![codes[i]!]!++;
  return pairs;
}

/** −Σ n ln(n / Σ n). */
function surprise(counts: Float64Array): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.reduce((sum, count) => (count > 0 ? sum - count * Math.log(count / total) : sum), 0);
}
