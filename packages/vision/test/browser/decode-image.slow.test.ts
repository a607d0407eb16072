// Decoding in a real Chromium beside decoding in Node: the same pixels, within what JPEG decoders and canvases leave open.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decompress } from '@tidecast/data';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, startChromium } from '../../../../test/chromium.ts';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import { createImage, encodePng, type Image, ImageError } from '../../src/index.ts';
import { decodeImage } from '../../src/node.ts';
import { untar } from '../support/tar.ts';
import type { DecodingPage, PageOutcome } from './page/main.ts';

const chromium = findChromium();

/** Differences of values that can be seen, of 255. */
interface Difference {
  mean: number;
  most: number;
}

/** Where alpha is below 255, a canvas keeps colours in steps of 255 / alpha; they are compared as they look, times alpha. */
function differenceOf(ours: Uint8Array, theirs: Image): Difference {
  let sum = 0;
  let most = 0;
  for (let i = 0; i < ours.length; i++) {
    const alpha = i % 4 === 3 ? 255 : theirs.data[i - (i % 4) + 3]!;
    const difference = (Math.abs(ours[i]! - theirs.data[i]!) * alpha) / 255;
    sum += difference;
    most = Math.max(most, difference);
  }
  return { mean: sum / ours.length, most };
}

describe.skipIf(!chromium)(`in a browser${chromium ? '' : ' (skipped: no chromium installed)'}`, () => {
  let browser: Browser;
  let server: ViteDevServer;
  let tab: Page;

  beforeAll(async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    server = await createServer({
      root,
      configFile: false,
      logLevel: 'silent',
      resolve: { conditions: ['@tidecast/source', 'module', 'browser', 'development|production'] },
      server: {
        port: 0,
        host: '127.0.0.1',
        fs: { allow: [fileURLToPath(new URL('../../../..', import.meta.url))] },
      },
    });
    await server.listen();
    browser = await startChromium(chromium!);
    tab = await browser.newPage();
    await tab.goto(`${server.resolvedUrls!.local[0]!}test/browser/page/index.html`);
    await tab.waitForFunction('globalThis.page', undefined, { timeout: 60_000 });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const decode = (bytes: Uint8Array, options: Parameters<DecodingPage['decode']>[1] = {}) =>
    tab.evaluate<PageOutcome, [string, typeof options]>(
      ([base64, how]) => (globalThis as unknown as { page: DecodingPage }).page.decode(base64, how),
      [Buffer.from(bytes).toString('base64'), options],
    );

  /** Decodes in both places, and compares. */
  async function compare(bytes: Uint8Array, channels: 1 | 3 | 4 = 4): Promise<Difference> {
    const outcome = await decode(bytes, { channels });
    expect(outcome.error).toBeUndefined();
    const expected = await decodeImage(bytes, { channels });
    expect(outcome).toMatchObject({ height: expected.height, width: expected.width, channels });
    const ours = new Uint8Array(Buffer.from(outcome.data!, 'base64'));
    if (channels === 4) return differenceOf(ours, expected);
    const most = ours.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected.data[i]!)), 0);
    return { mean: most, most };
  }

  const [height, width] = [9, 14];
  const pixels = (channels: 1 | 3 | 4, opaque = true) =>
    createImage({
      height,
      width,
      channels,
      data: Uint8Array.from({ length: height * width * channels }, (_, i) =>
        opaque && channels === 4 && i % 4 === 3 ? 255 : (i * 37 + 11) % 256,
      ),
    });
  const raw = ({ data, channels }: Image) => sharp(data as Uint8Array, { raw: { height, width, channels } });

  it.each([1, 3, 4] as const)(
    'a PNG of %d channels exactly, from bytes and from a Blob',
    async (channels) => {
      const bytes = encodePng(pixels(channels));
      expect(await compare(bytes, channels)).toEqual({ mean: 0, most: 0 });
      expect(await decode(bytes, { blob: true })).toEqual(await decode(bytes));
    },
  );

  it('a lossless WebP exactly', async () => {
    const bytes = await raw(pixels(3)).webp({ lossless: true }).toBuffer();
    expect(await compare(bytes)).toEqual({ mean: 0, most: 0 });
  });

  it('see-through pixels to within 1 of how they look', async () => {
    const { most } = await compare(encodePng(pixels(4, false)));
    expect(most).toBeLessThanOrEqual(1);
  });

  it('16 bits to within half a step of 8', async () => {
    const values = Uint16Array.from({ length: height * width * 3 }, (_, i) => (i * 9973) % 65_536);
    const bytes = await sharp(values, { raw: { height, width, channels: 3, depth: 'ushort' } } as never)
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    const { most } = await compare(bytes);
    expect(most).toBeLessThanOrEqual(1);
    expect(most).toBeGreaterThan(0);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('a JPEG of EXIF orientation %d upright', async (orientation) => {
    const data = new Uint8Array(16 * 32).fill(20);
    for (let y = 0; y < 8; y++) data.fill(230, y * 32, y * 32 + 8);
    const bytes = await sharp(data, { raw: { height: 16, width: 32, channels: 1 } })
      .withMetadata({ orientation })
      .jpeg({ quality: 95 })
      .toBuffer();
    expect((await compare(bytes)).most).toBeLessThanOrEqual(3);
  });

  it('refuses a file cut anywhere before its end of pixels, as Node does', async () => {
    for (const format of ['png', 'jpeg', 'webp'] as const) {
      const bytes = await raw(pixels(3)).toFormat(format).toBuffer();
      for (const share of [0, 0.1, 0.5, 0.9]) {
        const { error } = await decode(bytes.subarray(0, Math.floor(share * bytes.length)), { file: 'cut' });
        expect(error, `${format} ${share}`).toMatchObject({ name: 'ImageError' });
        expect(error!.message).toMatch(/^cut: image: /);
      }
    }
  });

  it('refuses a claim of more pixels than allowed before decoding, and other files', async () => {
    const bytes = encodePng(pixels(1));
    new DataView(bytes.buffer).setUint32(16, 60_000);
    new DataView(bytes.buffer).setUint32(20, 60_000);
    expect((await decode(bytes, { file: 'bomb.png' })).error!.message).toBe(
      'bomb.png: image: at most 67108864 pixels and 65535 a side may be decoded, got 60000 × 60000. ' +
        'Raise maxPixels if you trust the file.',
    );
    expect((await decode(Uint8Array.from([0x47, 0x49, 0x46, 0x38]))).error!.message).toContain(
      'one that begins with 47 49 46 38',
    );
  });

  it('reads from an address, no more bytes than allowed', async () => {
    const image = pixels(3);
    const url = `data:image/png;base64,${Buffer.from(encodePng(image)).toString('base64')}`;
    const read = (maxBytes?: number) =>
      tab.evaluate<PageOutcome, [string, number | undefined]>(
        ([where, most]) => (globalThis as unknown as { page: DecodingPage }).page.read(where, most),
        [url, maxBytes],
      );
    expect(await read()).toMatchObject({ height, width, channels: 4 });
    expect((await read(20)).error).toMatchObject({
      name: 'ImageError',
      message: expect.stringContaining('image: a file may have at most 20 bytes, got more'),
    });
  });

  const read = (group: string, file: string) =>
    new Uint8Array(readFileSync(sharedData(`images/${group}/${file}`)));

  /** Where the two differ by more than 1 of 255, or only one of them refuses. */
  async function faultOf(name: string, bytes: Uint8Array): Promise<string[]> {
    const expected = await decodeImage(bytes, { channels: 4 }).catch((error: unknown) => error);
    const { error, data, height: rows, width: columns } = await decode(bytes);
    if (expected instanceof ImageError) return error?.name === 'ImageError' ? [] : [`${name} is not refused`];
    if (error) return [`${name}: ${error.message}`];
    const image = expected as Image;
    if (rows !== image.height || columns !== image.width) return [`${name} is ${rows} × ${columns}`];
    const { mean, most } = differenceOf(new Uint8Array(Buffer.from(data!, 'base64')), image);
    return most > 1 ? [`${name} differs by ${mean} on average, ${most} at most`] : [];
  }

  it.skipIf(!hasSharedData)(
    `the whole PngSuite: at most 1 of 255 apart, the damaged ones refused${needsSharedData}`,
    async () => {
      const suite = untar(decompress(read('', 'pngjs_test-in_PngSuite.tar.gz')));
      const pictures = [...suite].filter(([name]) => name.endsWith('.png'));
      expect(pictures.length).toBe(176);
      const faults: string[] = [];
      for (const [name, bytes] of pictures) faults.push(...(await faultOf(name, bytes)));
      expect(faults).toEqual([]);
    },
  );

  it.skipIf(!hasSharedData)(
    `real JPEG, WebP and PNG files: at most 1 of 255 apart, the damaged ones refused${needsSharedData}`,
    async () => {
      const faults: string[] = [];
      let pictures = 0;
      for (const group of ['jpeg-js', 'sharp']) {
        for (const file of readdirSync(sharedData(`images/${group}`))) {
          pictures++;
          faults.push(...(await faultOf(file, read(group, file))));
        }
      }
      expect(pictures).toBe(25);
      // Each has another idea of the inks of a CMYK file that says nothing about them.
      expect(faults).toEqual([expect.stringMatching(/^cmyk-grey.jpg differs by 8\.\d+ on average/)]);
    },
  );
});
