// A user's project in an empty folder: the built package as npm would install it, and one page that trains.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));

/** Builds the package and lays out the project. Returns its folder. */
export async function makeProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidecast-page-'));
  await cp(join(packageFolder, 'test', 'fixtures', 'page'), folder, { recursive: true });
  const installed = join(folder, 'node_modules', '@tidecast', 'backend');
  await mkdir(installed, { recursive: true });
  await cp(join(packageFolder, 'package.json'), join(installed, 'package.json'));
  const tsup = join(packageFolder, '..', '..', 'node_modules', 'tsup', 'dist', 'cli-default.js');
  const options = ['--no-dts', '--out-dir', join(installed, 'dist')];
  await promisify(execFile)(process.execPath, [tsup, ...options], { cwd: packageFolder });
  await mkdir(join(folder, 'node_modules', '@tensorflow'));
  for (const name of ['tfjs-core', 'tfjs-backend-wasm']) {
    const target = join(packageFolder, 'node_modules', '@tensorflow', name);
    await symlink(target, join(folder, 'node_modules', '@tensorflow', name));
  }
  return folder;
}

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Serves a folder as any web server would. `isolated` adds the headers that allow threads. */
export async function serve(folder: string, isolated = false): Promise<{ server: Server; url: string }> {
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url!, 'http://localhost').pathname);
    try {
      const body = await readFile(join(folder, path.endsWith('/') ? `${path}index.html` : path));
      response.setHeader('content-type', types[extname(path)] ?? 'text/html');
      if (isolated) {
        response.setHeader('cross-origin-opener-policy', 'same-origin');
        response.setHeader('cross-origin-embedder-policy', 'require-corp');
      }
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** What the page left in `window.result`, or why there is nothing. */
export interface PageResult {
  error?: string;
  backend?: { name: string; simd: boolean; notes: string[] };
  first?: number;
  last?: number;
}

/** Opens `url` and waits until the page has trained. */
export async function readPage(browser: Browser, url: string): Promise<PageResult> {
  const page = await browser.newPage();
  const messages: string[] = [];
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(String(error)));
  page.on('requestfailed', (request) => messages.push(`failed: ${request.url()}`));
  try {
    await page.goto(url);
    await page.waitForFunction('window.result', undefined, { timeout: 60_000 });
    return await page.evaluate<PageResult>('window.result');
  } catch (error) {
    return { error: `${error}\n${messages.join('\n')}` };
  } finally {
    await page.close();
  }
}

export function removeProject(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
