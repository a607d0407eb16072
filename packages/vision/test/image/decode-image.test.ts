// Decoding in Node on pictures made here: what was put in comes out, and bad files are refused with a reason.

import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { ImageError, readImageHeader } from '../../src/index.ts';
import { decodeImage } from '../../src/node.ts';

const HEIGHT = 5;
const WIDTH = 7;

function pixels(channels: number): Uint8Array {
  return Uint8Array.from({ length: HEIGHT * WIDTH * channels }, (_, i) => (i * 37 + 11) % 256);
}

function encoder(data: Uint8Array, channels: 1 | 3 | 4) {
  const made = sharp(data, { raw: { height: HEIGHT, width: WIDTH, channels } });
  return channels === 1 ? made.toColourspace('b-w') : made;
}

const bytesOf = async (image: ReturnType<typeof encoder>) => new Uint8Array(await image.toBuffer());

describe('decodeImage', () => {
  for (const channels of [1, 3, 4] as const) {
    it(`gives the pixels of a PNG of ${channels} channels exactly`, async () => {
      const data = pixels(channels);
      const image = await decodeImage(await bytesOf(encoder(data, channels).png()));
      expect(image).toMatchObject({ height: HEIGHT, width: WIDTH, channels });
      expect([...image.data]).toEqual([...data]);
    });
  }

  it('gives the pixels of a lossless WebP exactly, and its size from the header', async () => {
    const data = pixels(3);
    const bytes = await bytesOf(encoder(data, 3).webp({ lossless: true }));
    expect(readImageHeader(bytes)).toEqual({ format: 'webp', width: WIDTH, height: HEIGHT });
    expect([...(await decodeImage(bytes)).data]).toEqual([...data]);
  });

  it('gives 16 bits as v / 257', async () => {
    const values = Uint16Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) => (i * 9973) % 65_536);
    const bytes = await sharp(values, {
      raw: { height: HEIGHT, width: WIDTH, channels: 3, depth: 'ushort' },
    } as never)
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    const { data } = await decodeImage(new Uint8Array(bytes));
    values.forEach((value, i) => {
      expect(data[i]).toBe(Math.fround(value / 257));
    });
  });

  for (let orientation = 1; orientation <= 8; orientation++) {
    it(`turns a JPEG of EXIF orientation ${orientation} upright`, async () => {
      // The top left of the stored picture is bright, the rest dark.
      const data = new Uint8Array(16 * 32).fill(20);
      for (let y = 0; y < 8; y++) data.fill(230, y * 32, y * 32 + 8);
      const bytes = await sharp(data, { raw: { height: 16, width: 32, channels: 1 } })
        .withMetadata({ orientation })
        .jpeg({ quality: 95 })
        .toBuffer();
      const image = await decodeImage(new Uint8Array(bytes), { channels: 1 });
      const turned = orientation > 4;
      expect([image.height, image.width]).toEqual(turned ? [32, 16] : [16, 32]);
      const bright = (y: number, x: number) => image.data[y * image.width + x]! > 125;
      // TIFF 6.0: where row 0 and column 0 of the stored picture belong.
      const [top, left] = [[1, 2, 5, 6].includes(orientation), [1, 4, 5, 8].includes(orientation)];
      const corner = (up: boolean, start: boolean) =>
        bright(up ? 1 : image.height - 2, start ? 1 : image.width - 2);
      expect({
        topLeft: corner(true, true),
        topRight: corner(true, false),
        bottomLeft: corner(false, true),
        bottomRight: corner(false, false),
      }).toEqual({
        topLeft: top && left,
        topRight: top && !left,
        bottomLeft: !top && left,
        bottomRight: !top && !left,
      });
    });
  }

  it('lays alpha over white where fewer channels are asked for', async () => {
    const rgba = Uint8Array.from({ length: HEIGHT * WIDTH * 4 }, (_, i) => (i % 4 === 3 ? 51 : 100));
    const { data, channels } = await decodeImage(await bytesOf(encoder(rgba, 4).png()), { channels: 3 });
    expect(channels).toBe(3);
    // 0.2 · 100 + 0.8 · 255
    expect(new Set(data)).toEqual(new Set([224]));
  });

  it('refuses a file cut anywhere before its end of pixels', async () => {
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const bytes = await bytesOf(encoder(pixels(3), 3).toFormat(format));
      for (const share of [0, 0.1, 0.5, 0.9]) {
        const cut = bytes.subarray(0, Math.floor(share * bytes.length));
        await expect(decodeImage(cut, { file: 'cut' }), `${format} ${share}`).rejects.toThrow(ImageError);
      }
    }
  });

  it('refuses a claim of more pixels than allowed before decoding', async () => {
    const bytes = await bytesOf(encoder(pixels(1), 1).png());
    new DataView(bytes.buffer).setUint32(16, 60_000);
    new DataView(bytes.buffer).setUint32(20, 60_000);
    await expect(decodeImage(bytes, { file: 'bomb.png' })).rejects.toThrow(
      'bomb.png: image: at most 67108864 pixels and 65535 a side may be decoded, got 60000 × 60000.',
    );
  });

  it('refuses other files by what they begin with', async () => {
    await expect(decodeImage(Uint8Array.from([0x47, 0x49, 0x46, 0x38]))).rejects.toThrow(
      'expected a PNG, JPEG or WebP file, got one that begins with 47 49 46 38',
    );
  });
});
