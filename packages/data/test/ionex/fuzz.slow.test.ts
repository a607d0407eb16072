import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import { decompress } from '../../src/compression/decompress.ts';
import { createRandom } from '../../src/random.ts';
import { damage, survives } from './damage.ts';

describe.skipIf(!hasSharedData)(`readIonex on damaged real files${needsSharedData}`, () => {
  it.each(['ionex/codg0080.20i.Z', 'ionex/jplg0010.17i.gz'])('%s', (name) => {
    const random = createRandom(13);
    const packed = readFileSync(sharedData(name));
    const plain = decompress(packed);
    for (let run = 0; run < 60; run++) {
      survives(damage(packed, random));
      survives(damage(plain, random));
    }
  });
});
