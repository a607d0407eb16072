// Whether a folder can be written to is best known before the work whose results go there.

import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Changes nothing. @throws if files could not be written to `folder`, made if needed. */
export async function checkFolder(folder: string): Promise<void> {
  let place = resolve(folder);
  for (;;) {
    const about = await stat(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || place === dirname(place)) throw unusable(folder, error.message);
    });
    if (about && !about.isDirectory()) throw unusable(folder, `'${place}' is a file`);
    if (about) break;
    place = dirname(place);
  }
  await access(place, constants.W_OK).catch((error: Error) => {
    throw unusable(folder, error.message);
  });
}

function unusable(folder: string, reason: string): Error {
  return new Error(`out: cannot write to the folder '${folder}': ${reason}. Choose another one.`);
}
