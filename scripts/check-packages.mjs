// What a user gets: every package is packed, its tarball checked (publint, attw), all of them installed with npm in an
// empty folder, and every `js` snippet of the READMEs run there by plain Node.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './setup.mjs';

const folders = ['packages', 'apps']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name)))
  .filter((folder) => !JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).private);
const work = mkdtempSync(join(tmpdir(), 'tidecast-packages-'));
const counts = { passed: 0, failed: 0 };

function check(name, command, args, cwd = root) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } });
  const passed = result.status === 0;
  counts[passed ? 'passed' : 'failed']++;
  console.log(`${passed ? 'ok' : 'FAILED'}  ${name}`);
  if (!passed) console.log(result.error?.message ?? `${result.stdout}${result.stderr}`);
  return passed;
}

/** The `js` blocks of a Markdown text. A block whose first line is `// not run: <reason>` is left out. */
function snippets(markdown) {
  return [...markdown.matchAll(/^```js\n([\s\S]*?)^```/gm)]
    .map((match) => match[1])
    .filter((code) => !code.startsWith('// not run'));
}

const bin = (name) => join(root, 'node_modules', '.bin', name);
for (const folder of folders) {
  check(`pack ${folder}`, 'pnpm', ['pack', '--pack-destination', work], join(root, folder));
}
const tarballs = readdirSync(work)
  .filter((name) => name.endsWith('.tgz'))
  .map((name) => join(work, name));
for (const tarball of tarballs) {
  const name = tarball.slice(work.length + 1);
  check(`publint ${name}`, bin('publint'), ['run', tarball, '--strict']);
  check(`attw ${name}`, bin('attw'), [tarball, '--profile', 'esm-only']);
}

const user = mkdtempSync(join(tmpdir(), 'tidecast-user-'));
writeFileSync(join(user, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
const peers = [
  '@tensorflow/tfjs-core@4.22.0',
  '@tensorflow/tfjs-backend-wasm@4.22.0',
  '@tensorflow/tfjs-layers@4.22.0',
  'vega@6.4.0',
  'vega-lite@6.4.1',
];
if (
  check(
    'npm install of all tarballs in an empty folder',
    'npm',
    ['install', '--no-audit', '--no-fund', ...tarballs, ...peers],
    user,
  )
) {
  for (const folder of ['.', ...folders]) {
    for (const [index, code] of snippets(readFileSync(join(root, folder, 'README.md'), 'utf8')).entries()) {
      const file = join(user, `${folder.replaceAll(/\W/g, '-')}-${index + 1}.mjs`);
      writeFileSync(file, code);
      check(`snippet ${index + 1} of ${join(folder, 'README.md')}`, process.execPath, [file], user);
    }
  }
  const optional = ['bullmq@6.7.0', 'ioredis@5.11.1'];
  check('npm install of optional peers', 'npm', ['install', '--no-audit', '--no-fund', ...optional], user);
  const worker = join(user, 'node_modules', '.bin', 'tidecast-worker');
  check('the installed command: tidecast-worker --help', worker, ['--help'], user);
  const command = join(user, 'node_modules', '.bin', 'tidecast-tec');
  check('the installed command: tidecast-tec --help', command, ['--help'], user);
  const vision = join(user, 'node_modules', '.bin', 'tidecast-vision');
  const small = ['--per-class', '8', '--out', 'pictures'];
  check('the installed command: tidecast-vision sample', vision, ['sample', ...small], user);
  const parts = ['--epochs', '1', '--validation', '0.25', '--test', '0.25', '--out', 'trained'];
  check('the installed command: tidecast-vision train', vision, ['train', 'pictures', ...parts], user);
  check(
    'the installed command: tidecast-tec sample',
    command,
    ['sample', '--days', '2', '--seed', '1', '--out', 'sample'],
    user,
  );
}

rmSync(work, { recursive: true });
rmSync(user, { recursive: true });
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed > 0 ? 1 : 0;
