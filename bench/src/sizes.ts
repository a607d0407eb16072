// What it costs to have a library at all: bytes on disk after an install into an empty folder, and bytes that a web
// page has to load before it can train an LSTM.

import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { benchFolder, findPython, MODULES, type PeerName } from './peers.ts';

/** Bytes on disk of a library and all it needs. */
export interface InstallSize {
  measure: 'install';
  peer: PeerName;
  bytes: number;
}

/** Bytes of a web page's code, minified, before and after gzip, WASM binaries included. */
export interface BundleSize {
  measure: 'bundle';
  peer: PeerName;
  bytes: number;
  gzip: number;
}

const root = dirname(benchFolder);
const WASM_BINARY = 'tfjs-backend-wasm-simd.wasm';
const TFJS = '4.22.0';
const tfjs = (name: string) => `@tensorflow/${name}@${TFJS}`;

/** Measures what can be measured here; `onAbsent` is told the rest. */
export async function measureSizes(
  onResult: (result: InstallSize | BundleSize) => void,
  onAbsent: (what: string, reason: string) => void,
): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'tidecast-size-'));
  try {
    const installs: [PeerName, () => string[]][] = [
      ['tidecast', () => [...packTidecast(work), tfjs('tfjs-core'), tfjs('tfjs-backend-wasm')]],
      ['tfjs-layers-wasm', () => [tfjs('tfjs'), tfjs('tfjs-backend-wasm')]],
    ];
    for (const [peer, packages] of installs) {
      const folder = join(work, peer);
      mkdirSync(folder);
      try {
        npmInstall(folder, packages());
        onResult({ measure: 'install', peer, bytes: bytesUnder(join(folder, 'node_modules')) });
      } catch (error) {
        onAbsent(`install size of ${peer}`, (error as Error).message);
      }
    }
    for (const [peer, modules] of Object.entries(MODULES) as [keyof typeof MODULES, string[]][]) {
      const python = findPython(modules);
      if (typeof python !== 'string') onAbsent(`install size of ${peer}`, python.absent);
      else onResult({ measure: 'install', peer, bytes: pythonBytes(python, modules) });
    }
    for (const [peer, code] of Object.entries(pages) as [PeerName, string][]) {
      onResult({ measure: 'bundle', peer, ...(await bundleSize(work, code)) });
    }
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Web pages that train an LSTM on WASM. */
const pages: Partial<Record<PeerName, string>> = {
  tidecast: `
    import { useBackend } from '@tidecast/backend';
    import { createModel, dense, lstm, network } from '@tidecast/models';
    import { adam, fit, mse, predict } from '@tidecast/train';
    export { adam, createModel, dense, fit, lstm, mse, network, predict, useBackend };`,
  // The packages of tfjs-layers on WASM, with the gradients and operations that it needs.
  'tfjs-layers-wasm': `
    import '@tensorflow/tfjs-backend-wasm';
    import { registerGradients } from '@tidecast/backend';
    import { ready, setBackend, tensor, train } from '@tensorflow/tfjs-core';
    import { layers, sequential } from '@tensorflow/tfjs-layers';
    export { layers, ready, registerGradients, sequential, setBackend, tensor, train };`,
};

async function bundleSize(work: string, code: string): Promise<{ bytes: number; gzip: number }> {
  const { build } = await import('vite');
  // Beside the benchmark's own files, so that its dependencies are found.
  const page = join(benchFolder, 'dist', 'page.js');
  writeFileSync(page, code);
  const result = await build({
    root: work,
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      assetsInlineLimit: 0,
      rollupOptions: { input: page, preserveEntrySignatures: 'strict' },
    },
  });
  rmSync(page);
  const { output } = (Array.isArray(result) ? result[0]! : result) as {
    output: readonly ({ type: 'chunk'; code: string; name: string } | { type: 'asset' })[];
  };
  // A page loads one of the kernels' two builds; the plain one is taken here. Of tfjs's binaries it loads one as well.
  const chunks = output.flatMap((each) =>
    each.type === 'chunk' && each.name !== 'relaxed' ? [each.code] : [],
  );
  const require = createRequire(join(benchFolder, 'package.json'));
  const wasm = readFileSync(
    join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out', WASM_BINARY),
  );
  const parts = [...chunks.map((text) => Buffer.from(text)), wasm];
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  return {
    bytes: sum(parts.map((part) => part.length)),
    gzip: sum(parts.map((part) => gzipSync(part, { level: 9 }).length)),
  };
}

function packTidecast(work: string): string[] {
  const folder = join(work, 'packed');
  mkdirSync(folder);
  for (const name of ['data', 'backend', 'models', 'train']) {
    run(
      'npx',
      ['--yes', packageManager(), 'pack', '--pack-destination', folder],
      join(root, 'packages', name),
    );
  }
  return readdirSync(folder).map((name) => join(folder, name));
}

function packageManager(): string {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
}

function npmInstall(folder: string, packages: readonly string[]): void {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...packages], folder);
}

function pythonBytes(python: string, modules: readonly string[]): number {
  const distributions = modules.map((name) => (name === 'tensorflow' ? 'tensorflow-cpu' : name));
  return Number(run(python, [join(benchFolder, 'peers', 'install_size.py'), ...distributions], root));
}

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(`${command} ${args[0]} failed: ${(stderr ?? '').trim().split('\n').at(-1)}`);
  return stdout;
}

function bytesUnder(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stat = lstatSync(join(folder, name));
    if (stat.isFile()) bytes += stat.size;
  }
  return bytes;
}
