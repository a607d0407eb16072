// A store in a folder: one file a name.

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { shown } from '../check.ts';
import type { Store } from '../store/store.ts';
import { readWhole, writeWhole } from './file.ts';

/** A store in `folder`, which is made where there is none; each file is written whole or not at all. */
export function folderStore(folder: string): Store {
  const pathOf = (name: string) => {
    if (/^[\w-][\w.-]*$/.test(name)) return join(folder, `${name}.bin`);
    throw new Error(`store: a name must be letters, digits, -, _ and ., got ${shown(name)}.`);
  };
  return {
    read: (name) => readWhole(pathOf(name)),
    async write(name, bytes) {
      const path = pathOf(name);
      await mkdir(folder, { recursive: true });
      await writeWhole(path, bytes);
    },
    async remove(name) {
      await rm(pathOf(name), { force: true });
    },
  };
}
