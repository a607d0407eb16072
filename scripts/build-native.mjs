// Builds the native binding of @tensorflow/tfjs-node in node_modules, against the libtensorflow of a pip wheel.
//
// Why: the installer of tfjs-node downloads libtensorflow from one storage bucket. Behind a firewall, offline, or
// with a mirror for npm and pip only, it fails. The same library is inside the wheel of TensorFlow for Python,
// which every pip index carries. This script takes it from there and compiles the 100 kB of binding beside it.
//
//   node scripts/build-native.mjs            build what is missing (nothing, where the binding loads already)
//   node scripts/build-native.mjs --force    build anew
//
// Needs Linux, python3 with pip, and a C++ compiler with make. The Python has to be one the wheel is made for
// (3.10 to 3.13). Node's headers are taken from beside the running Node where they are there; otherwise node-gyp
// downloads them from nodejs.org (set npm_config_nodedir to a folder with include/node to prevent that).
// Work folder: .tidecast/native (1.1 GB; the binding needs it to run: without it, it has to be built again).

import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const WHEEL = 'tensorflow_cpu';
const TENSORFLOW = '2.21.0';
const LIBRARIES = {
  'libtensorflow.so': 'libtensorflow_cc.so.2',
  'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
};

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const work = join(root, '.tidecast', 'native');
const unpacked = join(work, `tensorflow-${TENSORFLOW}`);
const started = performance.now();

class BuildError extends Error {}

try {
  build(process.argv.includes('--force'));
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`build-native: ${error.message}`);
  process.exitCode = 1;
}

function build(force) {
  if (process.platform !== 'linux') {
    throw new BuildError(
      `this script knows Linux only, and this is ${process.platform}. Use WASM, or let tfjs-node install itself: npm rebuild @tensorflow/tfjs-node.`,
    );
  }
  const target = findPackage();
  if (!force && loads(target.binding)) {
    say(`tfjs-node ${target.version} is built already and loads. Nothing to do.`);
    return;
  }
  const cached = join(
    work,
    `binding-${target.version}-tensorflow-${TENSORFLOW}-${process.arch}-napi${target.napi}.node`,
  );
  checkTools(force || !existsSync(cached));
  if (!existsSync(join(unpacked, 'complete'))) unpackWheel(downloadWheel());
  linkLibraries(target.folder);
  if (!force && existsSync(cached)) {
    say('putting back the binding compiled earlier');
    mkdirSync(dirname(target.binding), { recursive: true });
    copyFileSync(cached, target.binding);
    if (loads(target.binding)) return finish(target);
  }
  compile(target);
  if (!loads(target.binding)) {
    throw new BuildError(`the binding compiled but does not load: ${loadError(target.binding)}`);
  }
  copyFileSync(target.binding, cached);
  finish(target);
}

function finish(target) {
  say(`tfjs-node ${target.version} with TensorFlow ${TENSORFLOW} is ready (${seconds()} s).`);
}

/** Where the backend package finds tfjs-node, and where node-pre-gyp puts its binding. */
function findPackage() {
  const from = createRequire(join(root, 'packages', 'backend', 'package.json'));
  let manifest;
  try {
    manifest = from.resolve('@tensorflow/tfjs-node/package.json');
  } catch {
    throw new BuildError('@tensorflow/tfjs-node is not installed. Run pnpm install first.');
  }
  const folder = dirname(manifest);
  const { version, binary } = JSON.parse(readFileSync(manifest, 'utf8'));
  const preGyp = createRequire(manifest).resolve('@mapbox/node-pre-gyp/package.json');
  const napi = Math.max(...binary.napi_versions.filter((each) => each <= Number(process.versions.napi)));
  return {
    folder,
    version,
    napi,
    preGyp: join(dirname(preGyp), 'bin', 'node-pre-gyp'),
    binding: join(folder, 'lib', `napi-v${napi}`, 'tfjs_binding.node'),
  };
}

/** Tries the binding in a process of its own, because a broken library may take the process down with it. */
function loads(binding) {
  return (
    existsSync(binding) && run(process.execPath, ['-e', `require(${JSON.stringify(binding)})`]).status === 0
  );
}

function loadError(binding) {
  const { stderr } = run(process.execPath, ['-e', `require(${JSON.stringify(binding)})`]);
  return stderr.split('\n').find((line) => line.startsWith('Error:')) ?? 'it is not where it should be.';
}

function checkTools(withCompiler) {
  if (run('python3', ['--version']).status !== 0) {
    throw new BuildError(
      'python3 is not on the PATH. Install Python 3.10 to 3.13 (the wheel is fetched with its pip).',
    );
  }
  if (!existsSync(join(unpacked, 'complete')) && run('python3', ['-m', 'pip', '--version']).status !== 0) {
    throw new BuildError('python3 has no pip. Install it (Debian: apt-get install python3-pip).');
  }
  if (!withCompiler) return;
  const { env } = process;
  const compiler = env.CXX ?? 'g++';
  for (const tool of [compiler, 'make']) {
    if (run(tool, ['--version']).status !== 0) {
      throw new BuildError(
        `${tool} does not run. Install a C++ compiler and make (Debian: apt-get install build-essential).`,
      );
    }
  }
}

function downloadWheel() {
  const folder = join(work, 'wheel');
  mkdirSync(folder, { recursive: true });
  const find = () =>
    readdirSync(folder).find((name) => name.startsWith(`${WHEEL}-${TENSORFLOW}-`) && name.endsWith('.whl'));
  if (!find()) {
    say(`downloading ${WHEEL} ${TENSORFLOW} with pip (about 250 MB) …`);
    const pip = run('python3', [
      '-m',
      'pip',
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '-d',
      folder,
      `${WHEEL}==${TENSORFLOW}`,
    ]);
    if (pip.status !== 0) {
      const version = run('python3', ['--version']).stdout.trim();
      throw new BuildError(
        `pip found no ${WHEEL} ${TENSORFLOW} for ${version} on ${process.arch}. Is its index reachable, and is this Python one the wheel is made for?\n${indent(pip.stderr, /^ERROR/)}`,
      );
    }
  }
  return join(folder, find());
}

function unpackWheel(wheel) {
  say('unpacking libtensorflow and its headers …');
  const script = [
    'import sys, zipfile',
    'wheel = zipfile.ZipFile(sys.argv[1])',
    'parts = ("tensorflow/include/",) + tuple("tensorflow/" + name for name in sys.argv[3:])',
    'wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(parts)])',
  ].join('\n');
  const partial = `${unpacked}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const unzip = run('python3', ['-c', script, wheel, partial, ...Object.values(LIBRARIES)]);
  const missing = Object.values(LIBRARIES).filter((name) => !existsSync(join(partial, 'tensorflow', name)));
  if (unzip.status !== 0 || missing.length > 0) {
    rmSync(wheel, { force: true });
    throw new BuildError(
      `the wheel could not be unpacked (missing: ${missing.join(', ') || 'none'}). It is removed; run this again.\n${indent(unzip.stderr)}`,
    );
  }
  writeFileSync(join(partial, 'complete'), '');
  rmSync(unpacked, { recursive: true, force: true });
  renameSync(partial, unpacked);
  rmSync(wheel);
}

/** binding.gyp looks for deps/include and deps/lib; at run time the binding looks in deps/lib (its rpath). */
function linkLibraries(folder) {
  const deps = join(folder, 'deps');
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(join(deps, 'lib'), { recursive: true });
  symlinkSync(join(unpacked, 'tensorflow', 'include'), join(deps, 'include'));
  for (const [link, library] of Object.entries(LIBRARIES)) {
    symlinkSync(join(unpacked, 'tensorflow', library), join(deps, 'lib', library));
    symlinkSync(library, join(deps, 'lib', link));
  }
}

function compile(target) {
  say('compiling the binding (two C++ files, 1 to 2 minutes) …');
  const { env: inherited } = process;
  const nodedir = inherited.npm_config_nodedir ?? nodeHeaders();
  const env = { ...inherited, ...(nodedir && { npm_config_nodedir: nodedir }) };
  const gyp = run(process.execPath, [target.preGyp, 'rebuild', '--build-from-source'], {
    cwd: target.folder,
    env,
  });
  if (gyp.status !== 0) {
    const log = join(work, 'build.log');
    writeFileSync(log, gyp.stdout + gyp.stderr);
    throw new BuildError(`compiling failed; the whole log is in ${log}. Its end:\n${indent(gyp.stderr)}`);
  }
}

/** The prefix of the running Node, where its own headers are there too. */
function nodeHeaders() {
  const prefix = dirname(dirname(process.execPath));
  const header = join(prefix, 'include', 'node', 'node_version.h');
  if (!existsSync(header)) return undefined;
  const major = /#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(header, 'utf8'))?.[1];
  return major === process.versions.node.split('.')[0] ? prefix : undefined;
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
  return {
    status: result.error ? -1 : result.status,
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? String(result.error),
  };
}

/** The last lines of a tool's output that match, for an error message. */
function indent(text, pattern = /./) {
  const lines = text
    .split('\n')
    .filter((line) => pattern.test(line))
    .slice(-12);
  return lines.map((line) => `  ${line}`).join('\n');
}

function seconds() {
  return ((performance.now() - started) / 1000).toFixed(0);
}

function say(text) {
  console.log(`build-native: ${text}`);
}
