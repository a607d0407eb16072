// What a search has found so far, as lines of JSON that are only ever added to: what it is about, then each step as it
// ends. Lines may come from anywhere: each is checked before it is used.

import { checkNumber, checkObject, lookUp, shown } from '../check.ts';
import { firstDifference } from '../difference.ts';
import type { EndedStep } from './strategy.ts';

/** Lines that outlast the program: a file, for example (`fileJournal` of @tidecast/train/node). */
export interface Journal {
  /** All lines so far. */
  read(): Promise<readonly string[]>;
  /** Adds a line; resolves once it is safe. */
  append(line: string): Promise<void>;
}

/** How a step ended: what the journal keeps of it. */
export type StepResult = Pick<EndedStep, 'losses' | 'error'>;

/** What decides the course of a search, as JSON; a journal is only gone on with under the same. */
export interface SearchDescription {
  space: unknown;
  strategy: unknown;
  seed: number;
  budgets: readonly number[];
  /** Null where the strategy looks at no result. */
  places: number | null;
}

const VERSION = 1;

/** Names a step in the journal, and its job. */
export function stepId(step: { trial: number; budget: number }): string {
  return `trial-${step.trial}-budget-${step.budget}`;
}

/** How the first line of every journal begins. */
const BEGIN = '{"kind":"search"';

/** False for a text that is no journal, nor the begin of one. */
export function mayBeJournal(text: string): boolean {
  return text.startsWith(BEGIN) || BEGIN.startsWith(text);
}

/** The first line. */
export function descriptionLine(description: SearchDescription): string {
  return JSON.stringify({ kind: 'search', version: VERSION, ...description });
}

/** The line of a step that has ended. */
export function resultLine(id: string, { losses, error }: StepResult): string {
  return JSON.stringify({ kind: 'step', id, losses, ...(error && { error }) });
}

/**
 * The results that `lines` hold, by the id of their step.
 * @throws with the line, if it is no journal, is damaged, or is that of another search.
 */
export function readResults(
  lines: readonly string[],
  description: SearchDescription,
): Map<string, StepResult> {
  const results = new Map<string, StepResult>();
  lines.forEach((line, index) => {
    const what = `journal: line ${index + 1}`;
    const entry = checkObject(what, parse(what, line));
    if (index === 0) {
      checkDescription(entry, description);
      return;
    }
    lookUp(`${what}: kind`, { step: 0 }, entry.kind);
    if (typeof entry.id !== 'string') throw new Error(`${what}: id must be a text, got ${shown(entry.id)}.`);
    if (results.has(entry.id)) {
      throw new Error(
        `${what}: expected each step once, got ${entry.id} again. Did two searches write to one journal?`,
      );
    }
    results.set(entry.id, readResult(what, entry));
  });
  return results;
}

function parse(what: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`${what} must be JSON, got ${shown(line)}. Is the file damaged?`);
  }
}

function checkDescription(entry: Record<string, unknown>, description: SearchDescription): void {
  const difference = firstDifference(entry, JSON.parse(descriptionLine(description)));
  if (!difference) return;
  const { path, was, is } = difference;
  throw new Error(
    `journal: it is from another search: ${path} was ${shown(was)}, is ${shown(is)}. ` +
      'Go on with the same settings, or begin a new journal.',
  );
}

function readResult(what: string, { losses, error }: Record<string, unknown>): StepResult {
  if (!Array.isArray(losses)) throw new Error(`${what}: losses must be a list, got ${shown(losses)}.`);
  const read = losses.map((each, i) => {
    const { budget, loss } = checkObject(`${what}: losses[${i}]`, each);
    return {
      budget: checkNumber(`${what}: losses[${i}].budget`, budget, { above: 0 }),
      loss: checkNumber(`${what}: losses[${i}].loss`, loss),
    };
  });
  if (error === undefined) return { losses: read };
  const { name, message } = checkObject(`${what}: error`, error);
  return { losses: read, error: { name: String(name), message: String(message) } };
}
