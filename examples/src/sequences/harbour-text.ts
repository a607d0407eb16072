// Text with structure over a long range, from a grammar whose probabilities are known: nouns and verbs agree across whole
// clauses in between, and those stand in brackets or quotes that must close again. So the text has a known entropy, and
// what a network writes can be checked.

import { createRandom, type Random } from '@tidecast/data';

const nouns = ['tide', 'boat', 'gull', 'wave', 'storm', 'lamp', 'rope', 'crew'];
const verbs = ['rise', 'turn', 'call', 'drift', 'wake', 'haul', 'greet', 'hide'];
const insertions = [
  ['(', ')'],
  ['[', ']'],
  ['"', '"'],
] as const;
/** Chance that a clause stands between a subject and its verb, down to this depth. */
const INSERTED = 0.35;
const DEEPEST = 3;

/** A text, and what a reader who knows the grammar is surprised by it: −ln of its probability [nats]. */
export interface HarbourText {
  text: string;
  surprise: number;
}

/**
 * At least `length` characters of whole sentences: clause "." and a space. A clause is "the" noun, in a third of the cases
 * an insertion (clause), [clause] or "clause" of the other number, a verb that agrees, and half the time "the" object.
 * Every text has one derivation only, so its probability is the product of its choices.
 */
export function harbourText(length: number, seed: number): HarbourText {
  const random = createRandom(seed, 'harbour');
  const writer = new Writer(random);
  let text = '';
  while (text.length < length) text += `${writer.clause(0, writer.chance(0.5))}. `;
  return { text, surprise: writer.surprise };
}

class Writer {
  surprise = 0;
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  chance(probability: number): boolean {
    const yes = this.random.uniform() < probability;
    this.surprise -= Math.log(yes ? probability : 1 - probability);
    return yes;
  }

  one<T>(of: readonly T[]): T {
    this.surprise += Math.log(of.length);
    return of[this.random.integer(of.length)]!;
  }

  clause(depth: number, plural: boolean): string {
    let text = `the ${this.one(nouns)}${plural ? 's' : ''}`;
    if (depth < DEEPEST && this.chance(INSERTED)) {
      const [open, close] = this.one(insertions);
      text += ` ${open}${this.clause(depth + 1, !plural)}${close}`;
    }
    text += ` ${this.one(verbs)}${plural ? '' : 's'}`;
    if (this.chance(0.5)) text += ` the ${this.one(nouns)}${this.chance(0.5) ? 's' : ''}`;
    return text;
  }
}

/** Share of the whole sentences of a text that follow the grammar; NaN where there is none. */
export function grammaticalShare(text: string): number {
  // What stands before the first and after the last end of a sentence may be cut off.
  const sentences = text.split('. ').slice(1, -1);
  return sentences.filter(isSentence).length / sentences.length;
}

/** A clause as a regular expression: of one number outside, and of the other one in what is inserted. */
function clausePattern(depth: number, plural: boolean): string {
  const inserted = insertions
    .map(([open, close]) => ` \\${open}${depth < DEEPEST ? clausePattern(depth + 1, !plural) : ''}\\${close}`)
    .join('|');
  const [nounEnd, verbEnd] = plural ? ['s', ''] : ['', 's'];
  const subject = `the (?:${nouns.join('|')})${nounEnd}${depth < DEEPEST ? `(?:${inserted})?` : ''}`;
  return `${subject} (?:${verbs.join('|')})${verbEnd}(?: the (?:${nouns.join('|')})s?)?`;
}

const sentencePattern = new RegExp(`^(?:${clausePattern(0, true)}|${clausePattern(0, false)})$`);

/** True for one sentence of the grammar, without its full stop. */
export function isSentence(sentence: string): boolean {
  return sentencePattern.test(sentence);
}
