// Which pictures there are and what they show, before any of them is opened.

/** A picture somewhere, and its class. */
export interface ImageItem {
  /** Where it is: a path, a URL or a name. */
  path: string;
  /** Its class, an index into the list's classes. */
  label: number;
  /** What it must not be separated from, for example the patient or the video it comes from. */
  group?: string;
}

/** Pictures and the names of their classes. */
export interface ImageList {
  items: readonly ImageItem[];
  classes: readonly string[];
}

/** How many pictures each class has, by its name. */
export function countClasses({ items, classes }: ImageList): Record<string, number> {
  const counts = classes.map(() => 0);
  for (const { label } of items) counts[label]!++;
  return Object.fromEntries(classes.map((name, label) => [name, counts[label]!]));
}
