// What a fresh machine needs before any command: a supported Node, pnpm at its pinned version, the dependencies, the build.
// Messages go to stderr so that a command's own output stays clean. Plain JavaScript: it runs before anything is installed.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const stampFile = join(root, 'node_modules', '.tidecast-setup');

/** Prints a step on stderr. */
export function say(message) {
  process.stderr.write(`tidecast: ${message}\n`);
}

/** Ends the process with one clear sentence. */
export function fail(message) {
  say(message);
  process.exit(1);
}

/** Refuses a Node that is older than `engines.node` asks for. */
export function checkNode(version = process.versions.node, needed = manifest.engines.node) {
  const [major, minor] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = needed.replace('>=', '').split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  fail(
    `needs Node ${wantedMajor}.${wantedMinor} or newer, this is Node ${version}. Install a newer one from nodejs.org.`,
  );
}

/** Runs a command in the root, its output on stderr (or inherited), and ends the process if it fails. */
export function run(command, args, { stdout = 2, env = {}, cwd = root } = {}) {
  const result = spawnSync(command, args, {
    cwd,
    stdio: ['inherit', stdout, 2],
    env: { ...process.env, ...env },
    shell: process.platform === 'win32',
  });
  if (result.error) fail(`could not start ${command}: ${result.error.message}`);
  return result.signal ? 1 : (result.status ?? 1);
}

/** Runs pnpm at the version that package.json pins, fetched by npm if it is not there. */
export function pnpm(args, options = {}) {
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const [command, ...rest] = [
    ...npm,
    'exec',
    '--yes',
    `--package=${manifest.packageManager}`,
    '--',
    'pnpm',
    ...args,
  ];
  return run(command, rest, { ...options, env: { npm_config_loglevel: 'error', ...options.env } });
}

/** Installs the dependencies if the lock file or a manifest changed since the last time, and compiles the kernels. */
export function install() {
  installDependencies();
  if (run(process.execPath, [join(root, 'packages/backend/scripts/build-kernels.mjs')]) !== 0) {
    fail('compiling the kernels failed; the lines above say where.');
  }
}

function installDependencies() {
  const stamp = installStamp();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
  say(`installing dependencies with ${manifest.packageManager} (once; about half a minute) …`);
  if (
    pnpm(['install', '--frozen-lockfile', '--reporter=append-only', '--loglevel=warn'], {
      env: { CI: 'true' },
    }) !== 0
  ) {
    fail(
      'installing the dependencies failed; the lines above say why. Check the network and run the command again.',
    );
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp);
}

/** Builds what changed; Turborepo keeps the rest. */
export function build() {
  say('building what changed …');
  const status = pnpm(['exec', 'turbo', 'run', 'build', '--output-logs=errors-only'], {
    env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
  });
  if (status !== 0) fail('the build failed; the lines above say where.');
}

function installStamp() {
  const hash = createHash('sha256').update(process.version).update(process.arch);
  const folders = ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name)),
  );
  for (const folder of ['.', 'bench', 'examples', ...folders]) {
    const file = join(root, folder, 'package.json');
    if (existsSync(file)) hash.update(readFileSync(file));
  }
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}
