// The text that the character RNN learns: what is known about it must be so.

import { describe, expect, it } from 'vitest';
import { grammaticalShare, harbourText, isSentence } from '../src/sequences/harbour-text.ts';
import { bigramLogits, letterEntropies } from '../src/sequences/letter-statistics.ts';

describe('harbourText', () => {
  it('is the same for one seed, and follows its grammar', () => {
    const { text } = harbourText(20_000, 1);
    expect(harbourText(20_000, 1).text).toBe(text);
    expect(harbourText(20_000, 2).text).not.toBe(text);
    expect(grammaticalShare(`. ${text}`)).toBe(1);
  });

  it('has the entropy of its choices: surprise a sentence as expected, within five standard errors', () => {
    const { text, surprise } = harbourText(400_000, 3);
    const sentences = text.split('. ').filter(Boolean).length;
    const coin = Math.log(2);
    const inserted = -(0.35 * Math.log(0.35) + 0.65 * Math.log(0.65));
    // Number; then noun, verb, object or not, and with an object its noun and number; at depths 0, 1, 2 maybe a clause.
    const clause = 2 * Math.log(8) + coin + 0.5 * (Math.log(8) + coin);
    const depths = [0, 1, 2, 3].map((depth) => 0.35 ** depth);
    const expected =
      coin +
      depths.reduce((sum, share) => sum + share * clause, 0) +
      depths.slice(0, 3).reduce((sum, share) => sum + share * (inserted + 0.35 * Math.log(3)), 0);
    // The surprise of a sentence varies by about 5 nats.
    expect(Math.abs(surprise / sentences - expected)).toBeLessThan((5 * 5) / Math.sqrt(sentences));
  });

  it.each([
    ['the tide rises', true],
    ['the tides rise the boat', true],
    ['the tide (the waves rise) turns', true],
    ['the tide "the waves [the boat calls the gulls] rise" turns', true],
    ['the tide rise', false],
    ['the tide (the waves rise) turn', false],
    ['the tide (the wave rises) turns', false],
    ['the tide (the waves rise] turns', false],
    ['the tide the waves rise) turns', false],
    ['a tide rises', false],
  ])('%s: %s', (sentence, follows) => {
    expect(isSentence(sentence)).toBe(follows);
  });
});

describe('letterEntropies', () => {
  it('gives those of cases worked out by hand', () => {
    const alternating = letterEntropies([0, 1, 0, 1, 0, 1, 0, 1], 3);
    expect(alternating.unigram).toBeCloseTo(Math.log(2), 12);
    expect(alternating.bigram).toBe(0);
    // After 0 come 0 and 1, once each; after 1 comes 0: (2 · ln 2 + 0) / 3.
    expect(letterEntropies([0, 0, 1, 0], 2).bigram).toBeCloseTo((2 * Math.log(2)) / 3, 12);
    expect(bigramLogits([0, 0, 1, 0], 2)[0]).toEqual(Float64Array.of(0, 0));
  });
});
