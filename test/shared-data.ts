// Real data files, present in development and CI only. Tests that need them are skipped, and say so, where they are absent.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../shared/data/', import.meta.url));

/** True where the folder of real data stands beside the checkout. */
export const hasSharedData = existsSync(folder);

/** What to append to a test's name so that a skipped one says why. */
export const needsSharedData = hasSharedData ? '' : ' (skipped: no real data beside this checkout)';

/** Path of a real data file, for example `ionex/codg0080.20i.Z`. */
export function sharedData(path: string): string {
  return folder + path;
}
