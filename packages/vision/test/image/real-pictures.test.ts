// Real pictures: the same pixels as a second, independent decoder, or refused.

import { readdirSync, readFileSync } from 'node:fs';
import { decompress } from '@tidecast/data';
import { decode as decodeJpeg } from 'jpeg-js';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import { ImageError } from '../../src/index.ts';
import { decodeImage } from '../../src/node.ts';
import { untar } from '../support/tar.ts';

const folder = (name: string) => sharedData(`images/${name}`);
const filesOf = (name: string) =>
  hasSharedData ? readdirSync(folder(name)).map((file) => [name, file] as const) : [];
const read = (group: string, file: string) => new Uint8Array(readFileSync(`${folder(group)}/${file}`));

describe(`real pictures${needsSharedData}`, () => {
  it.skipIf(!hasSharedData)(
    'the whole PngSuite: pixels exactly those of pngjs; the damaged ones refused',
    async () => {
      const suite = untar(decompress(read('', 'pngjs_test-in_PngSuite.tar.gz')));
      const pictures = [...suite].filter(([name]) => name.endsWith('.png'));
      expect(pictures.length).toBe(176);
      let refused = 0;
      for (const [name, bytes] of pictures) {
        if (name.startsWith('x')) {
          await expect(decodeImage(bytes, { file: name }), name).rejects.toThrow(ImageError);
          refused++;
          continue;
        }
        const image = await decodeImage(bytes, { file: name, channels: 4 });
        const deep = bytes[24] === 16;
        const reference = PNG.sync.read(Buffer.from(bytes), { skipRescale: deep } as never);
        expect([image.height, image.width], name).toEqual([reference.height, reference.width]);
        let worst = 0;
        const values = reference.data as unknown as Uint8Array | Uint16Array;
        for (let i = 0; i < values.length; i++) {
          // The second decoder makes what nobody sees black.
          if (values[i - (i % 4) + 3] === 0 && i % 4 < 3) continue;
          worst = Math.max(worst, Math.abs(image.data[i]! - values[i]! / (deep ? 257 : 1)));
        }
        expect(worst, name).toBeLessThanOrEqual(1e-4);
      }
      expect(refused).toBe(14);
    },
  );

  for (const [group, file] of [...filesOf('jpeg-js'), ...filesOf('sharp')].filter(([, name]) =>
    name.endsWith('.jpg'),
  )) {
    const bad = file === 'truncated.jpg' || file === 'corrupt-header.jpg';
    // The second decoder knows no colour profiles: CMYK, and Apple's RGB, look different to it.
    const bound = file === 'cmyk-grey.jpg' || file === 'Landscape_3.jpg' ? 16 : 3;
    it(`${group}/${file}: ${bad ? 'refused' : `mean difference from a second decoder at most ${bound} of 255`}`, async () => {
      const bytes = read(group, file);
      if (bad) {
        await expect(decodeImage(bytes, { file })).rejects.toThrow(ImageError);
        return;
      }
      const image = await decodeImage(bytes, { channels: 3 });
      const reference = decodeJpeg(bytes, { useTArray: true, formatAsRGBA: false, tolerantDecoding: true });
      const size = reference.width * reference.height;
      expect(image.height * image.width).toBe(size);
      // The second decoder does not turn pictures; only the third orientation (upside down) is among them.
      const turned = file === 'Landscape_3.jpg';
      let sum = 0;
      for (let i = 0; i < size; i++) {
        const at = turned ? size - 1 - i : i;
        for (let c = 0; c < 3; c++) sum += Math.abs(image.data[3 * i + c]! - reference.data[3 * at + c]!);
      }
      expect(sum / (3 * size)).toBeLessThanOrEqual(bound);
    });
  }

  for (const file of ['4.webp', '5_webp_a.webp', 'rotating-squares.webp', 'big-height.webp']) {
    it.skipIf(!hasSharedData)(`sharp/${file} has the size its header says`, async () => {
      const image = await decodeImage(read('sharp', file));
      expect([image.width, image.height]).toEqual(
        {
          '4.webp': [1024, 772],
          '5_webp_a.webp': [300, 300],
          'rotating-squares.webp': [80, 80],
          'big-height.webp': [13, 169],
        }[file],
      );
    });
  }
});
