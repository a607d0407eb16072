// The page under Vite's dev server in a real browser: training on drawn pictures, and on a folder of files.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodePng } from '@tidecast/vision';
import type { Browser, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findChromium, startChromium } from '../../../test/chromium.ts';
import { samplePictures } from '../src/sample/sample-pictures.ts';

const chromium = findChromium();
const root = fileURLToPath(new URL('../page', import.meta.url));

describe.skipIf(!chromium)(`the page${chromium ? '' : ' (skipped: no chromium installed)'}`, () => {
  let browser: Browser;
  let server: ViteDevServer;
  let folder: string;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vision-page-'));
    server = await createServer({
      ...{ root, logLevel: 'silent', cacheDir: join(folder, 'cache') },
      server: { port: 0, host: '127.0.0.1' },
    });
    await server.listen();
    browser = await startChromium(chromium!);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    page = await browser.newPage();
    problems = [];
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(server.resolvedUrls!.local[0]!);
    // The first visit has Vite bundle what the page imports, and load it again.
    await page.waitForFunction("document.querySelectorAll('#network option').length > 0", undefined, {
      timeout: 120_000,
    });
  });
  afterEach(async () => {
    expect(problems).toEqual([]);
    await page.close();
  });

  /** Vertical places of a line's points, from the top: lower on the page is a lower loss. */
  const heights = async (id: string) => {
    const points = (await page.locator(`#${id}`).getAttribute('points')) ?? '';
    return points.split(' ').map((point) => Number(point.split(',')[1]));
  };
  const trained = () =>
    page.waitForFunction(
      "/^Done|^Stopped|wrong/.test(document.getElementById('status').textContent + document.getElementById('status').className)",
      undefined,
      {
        timeout: 400_000,
      },
    );
  const status = () => page.locator('#status').textContent();

  it('trains on drawn pictures, with a loss curve that falls while it goes', async () => {
    await page.fill('#epochs', '10');
    await page.fill('#per-class', '60');
    await page.click('#train');
    await page.waitForFunction(
      "/Epoch [2-6]/.test(document.getElementById('status').textContent)",
      undefined,
      {
        timeout: 300_000,
      },
    );
    expect((await heights('training-line')).length).toBeGreaterThan(1);
    await trained();
    expect(await status()).toMatch(/^Done in \d+ s\.$/);
    const training = await heights('training-line');
    expect(training.at(-1)!).toBeGreaterThan(training[0]! + 20);
    expect(await heights('validation-line')).toHaveLength(10);
    expect(await page.locator('#score').textContent()).toMatch(/^\d+\.\d % of 27 test pictures are right$/);
    const report = page.frameLocator('#report');
    await report.locator('.notice').waitFor();
    expect(await report.locator('.notice').textContent()).toContain('SYNTHETIC');
    expect(await report.locator('img').count()).toBeGreaterThan(10);

    const [boat] = [...samplePictures({ perClass: 1, seed: 99 })].filter(
      ({ className }) => className === 'boat',
    );
    const file = join(folder, 'boat.png');
    await writeFile(file, encodePng(boat!.image));
    await page.setInputFiles('#picture', file);
    await page.waitForFunction("document.getElementById('answer').textContent.includes('%')");
    const answer = await page.locator('#answer').textContent();
    for (const name of ['bird', 'boat', 'buoy']) expect(answer).toContain(name);
  });

  it('trains on a folder of files, and stops when it is told to', async () => {
    for (const { path, image } of samplePictures({ perClass: 10, seed: 5 })) {
      await mkdir(join(folder, 'chosen', dirname(path)), { recursive: true });
      await writeFile(join(folder, 'chosen', path), encodePng(image));
    }
    await page.setInputFiles('#folder', join(folder, 'chosen'));
    await page.fill('#epochs', '1');
    await page.click('#train');
    await trained();
    expect(await status()).toMatch(/^Done/);
    expect(await page.locator('#score').textContent()).toContain('of 6 test pictures');
    expect(await page.frameLocator('#report').locator('.notice').count()).toBe(0);

    await page.fill('#epochs', '1000');
    await page.click('#train');
    await page.waitForFunction("/Epoch/.test(document.getElementById('status').textContent)");
    await page.click('#stop');
    await trained();
    expect(await status()).toBe('Stopped.');
    expect(await page.locator('#train').isEnabled()).toBe(true);
  });

  it('says what is wrong with a folder that holds no classes', async () => {
    await mkdir(join(folder, 'flat'), { recursive: true });
    await writeFile(join(folder, 'flat', 'text.txt'), 'nothing to see');
    await page.setInputFiles('#folder', join(folder, 'flat'));
    await page.click('#train');
    await page.waitForFunction("document.getElementById('status').className === 'wrong'");
    expect(await status()).toContain('expected a folder with a folder of .png');
  });
});
