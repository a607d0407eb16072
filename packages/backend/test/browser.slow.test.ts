// The built package in a real browser, without a path configured: under Vite's dev server, in Vite's build, and with
// an import map and no bundler.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { build, createServer, type InlineConfig } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, startChromium } from '../../../test/chromium.ts';
import { makeProject, type PageResult, readPage, removeProject, serve } from './browser-fixture.ts';

const chromium = findChromium();

describe.skipIf(!chromium)(`in a browser${chromium ? '' : ' (skipped: no chromium installed)'}`, () => {
  let browser: Browser;
  let project: string;
  let config: InlineConfig;

  beforeAll(async () => {
    project = await makeProject();
    browser = await startChromium(chromium!);
    config = { root: project, configFile: false, logLevel: 'silent', server: { port: 0, host: '127.0.0.1' } };
    await build({ ...config, base: './', build: { outDir: 'out/app' } });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    if (project) await removeProject(project);
  });

  function expectTrained(result: PageResult) {
    expect(result.error).toBeUndefined();
    const notes = [expect.stringContaining("'native' needs Node")];
    expect(result.backend).toMatchObject({ name: 'wasm', simd: true, notes });
    expect(result.last! / result.first!).toBeLessThan(0.2);
  }

  it("trains under Vite's dev server", async () => {
    const server = await createServer(config);
    await server.listen();
    try {
      expectTrained(await readPage(browser, server.resolvedUrls!.local[0]!));
    } finally {
      await server.close();
    }
  });

  it("trains in Vite's build, served from a sub-folder", async () => {
    const { server, url } = await serve(join(project, 'out'));
    try {
      expectTrained(await readPage(browser, `${url}app/`));
    } finally {
      server.close();
    }
  });

  it('trains on a cross-origin isolated page, where tfjs alone would take its threaded build', async () => {
    const { server, url } = await serve(join(project, 'out'), true);
    try {
      expectTrained(await readPage(browser, `${url}app/`));
    } finally {
      server.close();
    }
  });

  it('trains with an import map and no bundler', async () => {
    const packages = '/node_modules/@tensorflow';
    const nothing = 'data:text/javascript,export default {}';
    const imports = {
      '@tensorflow/tfjs-core': `${packages}/tfjs-core/dist/tf-core.fesm.min.js`,
      '@tensorflow/tfjs-backend-wasm': `${packages}/tfjs-backend-wasm/dist/tf-backend-wasm.fesm.js`,
      '@tidecast/backend': '/node_modules/@tidecast/backend/dist/index.js',
      fs: nothing,
      path: nothing,
      perf_hooks: nothing,
      os: nothing,
    };
    const page = await readFile(join(project, 'index.html'), 'utf8');
    const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
    await writeFile(join(project, 'plain.html'), page.replace('<script', `${map}<script`));
    const { server, url } = await serve(project);
    try {
      expectTrained(await readPage(browser, `${url}plain.html`));
    } finally {
      server.close();
    }
  });
});
