// What a model holds, and what of it a run learns: all weights but the frozen ones. Statistics move by what they measure.

import type * as tf from '@tensorflow/tfjs-core';
import type { Model } from '@tidecast/models';

type Values = Pick<Model, 'weights' | 'statistics'>;

/** The variables of a model by name: its weights, then its statistics. */
export function variablesOf({ weights, statistics }: Values): Record<string, tf.Variable> {
  return { ...weights, ...statistics };
}

/** For each of {@link variablesOf} whether a run that freezes what `prefixes` cover learns it. */
export function learntOf(model: Values, prefixes: readonly string[] = []): boolean[] {
  return Object.keys(variablesOf(model)).map(
    (name) => Object.hasOwn(model.weights, name) && !isFrozen(name, prefixes),
  );
}

/** Names of the statistics that a run leaves as they are. */
export function keptStatistics({ statistics = {} }: Values, prefixes: readonly string[] = []): string[] {
  return Object.keys(statistics).filter((name) => isFrozen(name, prefixes));
}

/** @throws if a prefix covers no weight and no statistic, or no weight remains to be learnt. */
export function checkFreeze(model: Values, prefixes: readonly string[]): void {
  const names = Object.keys(variablesOf(model));
  for (const prefix of prefixes) {
    if (names.some((name) => isFrozen(name, [prefix]))) continue;
    throw new Error(
      `fit: freeze must name weights, or whole parts of their names from the beginning, got ${JSON.stringify(prefix)}. ` +
        `There are: ${names.join(', ')}.`,
    );
  }
  if (!learntOf(model, prefixes).includes(true)) {
    throw new Error(
      'fit: freeze covers every weight, so nothing would be learnt. Leave the last layer free.',
    );
  }
}

function isFrozen(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
}
