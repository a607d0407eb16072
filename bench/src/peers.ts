// Who takes part, and how each is started. A peer that cannot be started is absent for a reason, and the reason is told.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Launch } from './child.ts';

export const PEERS = [
  'tidecast',
  'tidecast-node24',
  'tfjs-layers-wasm',
  'tfjs-layers-native',
  'pytorch',
  'jax',
  'keras',
] as const;
export type PeerName = (typeof PEERS)[number];

/** Node of the relaxed-SIMD runs, as the npm package `node`. */
const NODE24 = '24.9.0';

/** The folder `bench/`; this file runs as `bench/dist/bench.js`. */
export const benchFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(benchFolder);

/** What each Python peer needs to import. */
export const MODULES = {
  pytorch: ['torch', 'numpy'],
  jax: ['jax', 'numpy'],
  keras: ['keras', 'tensorflow', 'numpy'],
};

/** A peer that takes no part. */
export interface Absent {
  absent: string;
}

/** How to start a peer, or why it takes no part. Installs Node 24 into `.tidecast/node24` the first time. */
export function launchFor(name: PeerName, say: (message: string) => void): Launch | Absent {
  const script = (file: string) => join(benchFolder, 'dist', 'peers', file);
  switch (name) {
    case 'tidecast':
      return { command: process.execPath, args: [script('tidecast.js')] };
    case 'tidecast-node24': {
      const node = findNode24(say);
      return typeof node === 'string' ? { command: node, args: [script('tidecast.js')] } : node;
    }
    case 'tfjs-layers-wasm':
      return { command: process.execPath, args: [script('tfjs-layers.js'), 'wasm'] };
    case 'tfjs-layers-native':
      return { command: process.execPath, args: [script('tfjs-layers.js'), 'native'] };
    default: {
      const python = findPython(MODULES[name]);
      const file = { pytorch: 'torch_peer.py', jax: 'jax_peer.py', keras: 'keras_peer.py' }[name];
      if (typeof python !== 'string') return python;
      return { command: python, args: [join(benchFolder, 'peers', file)] };
    }
  }
}

/** Path of Node 24, installed from npm if it is not there. */
export function findNode24(say: (message: string) => void): string | Absent {
  const folder = join(root, '.tidecast', 'node24');
  const binary = join(
    folder,
    'node_modules',
    'node',
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(binary)) {
    say(`installing Node ${NODE24} from npm into .tidecast/node24 (once) …`);
    mkdirSync(folder, { recursive: true });
    const npm = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', `node@${NODE24}`];
    const { status, stderr } = spawnSync('npm', npm, {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    if (status !== 0 || !existsSync(binary)) {
      return { absent: `Node ${NODE24} did not install from npm (${lastLine(stderr ?? '')})` };
    }
  }
  return binary;
}

/** The Python that TIDECAST_BENCH_PYTHON names, or `python3`, if it has the modules. */
export function findPython(modules: readonly string[]): string | Absent {
  const python = process.env.TIDECAST_BENCH_PYTHON ?? 'python3';
  const code = `import importlib.util as u; print(*[m for m in ${JSON.stringify(modules)} if not u.find_spec(m)])`;
  const { status, stdout } = spawnSync(python, ['-c', code], { encoding: 'utf8' });
  if (status !== 0) return { absent: `no Python: '${python}' does not run. Set TIDECAST_BENCH_PYTHON.` };
  const missing = stdout.trim();
  if (missing === '') return python;
  return {
    absent: `'${python}' has no ${missing.replaceAll(' ', ', ')}. Set TIDECAST_BENCH_PYTHON to one that has.`,
  };
}

/** The last core this process may run on, for all peers; undefined where there is no `taskset`. */
export function sharedCore(): number | undefined {
  const { status, stdout } = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const last = /(\d+)\s*$/.exec(stdout)?.[1];
  return last === undefined ? undefined : Number(last);
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
