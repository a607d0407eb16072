// A split that keeps the share of every class, and never tears apart pictures that belong together.

import { createRandom, shuffle } from '@tidecast/data';
import type { ImageItem, ImageList } from './image-list.ts';

/** How to split. */
export interface SplitImagesOptions {
  /** Share of the pictures to validate on, and to test on; together below 1. Default 0. */
  validation?: number;
  test?: number;
  seed: number;
}

/** The parts of a list, with the classes of the whole. */
export interface ImageSplit {
  train: ImageList;
  validation: ImageList;
  test: ImageList;
}

/**
 * Splits a list at random, class by class, so that every part has each class in the same share (to within one picture or
 * one group). Pictures of one `group` come into one part together; a group counts for the class it has most of.
 * @throws if a share is not in [0, 1), or the two leave nothing to train on.
 */
export function splitImages(
  { items, classes }: ImageList,
  { validation = 0, test = 0, seed }: SplitImagesOptions,
): ImageSplit {
  for (const [name, share] of Object.entries({ validation, test })) {
    if (!(share >= 0 && share < 1))
      throw new Error(`splitImages: ${name} must be from 0 to below 1, got ${share}.`);
  }
  if (validation + test >= 1) {
    throw new Error(
      `splitImages: validation and test must leave something to train on, got ${validation + test}.`,
    );
  }
  const parts = { train: [] as ImageItem[], validation: [] as ImageItem[], test: [] as ImageItem[] };
  const units = unitsOf(items);
  classes.forEach((_, label) => {
    const own = units.filter((unit) => unit.label === label).map(({ members }) => members);
    const total = own.reduce((sum, members) => sum + members.length, 0);
    const order = shuffle(Uint32Array.from(own.keys()), createRandom(seed, 'split', label));
    const wanted = { test: test * total, validation: validation * total };
    for (const index of order) {
      const members = own[index]!;
      // The part that lacks most of what it should have; what is left is for training.
      const part =
        (['test', 'validation'] as const).find((name) => wanted[name] >= members.length / 2) ?? 'train';
      if (part !== 'train') wanted[part] -= members.length;
      parts[part].push(...members);
    }
  });
  const listOf = (members: ImageItem[]): ImageList => ({ items: members, classes });
  return { train: listOf(parts.train), validation: listOf(parts.validation), test: listOf(parts.test) };
}

/** What is split as one: single pictures, and groups. */
function unitsOf(items: readonly ImageItem[]): { label: number; members: ImageItem[] }[] {
  const groups = new Map<string, ImageItem[]>();
  const units: { label: number; members: ImageItem[] }[] = [];
  for (const item of items) {
    if (item.group === undefined) units.push({ label: item.label, members: [item] });
    else groups.set(item.group, [...(groups.get(item.group) ?? []), item]);
  }
  for (const members of groups.values()) {
    const counts = new Map<number, number>();
    for (const { label } of members) counts.set(label, (counts.get(label) ?? 0) + 1);
    const [label] = [...counts].reduce((most, each) => (each[1] > most[1] ? each : most));
    units.push({ label, members });
  }
  return units;
}
