// Continuous integration: every check in turn, on a clean clone. All checks run even after one fails;
// the last line is the count of tests over all suites, and the exit status says whether everything held.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNode, install, pnpm, root, say } from './setup.mjs';

const reports = mkdtempSync(join(tmpdir(), 'tidecast-ci-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const broken = [];

function step(name, work) {
  const started = Date.now();
  say(`── ${name}`);
  const status = work();
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  say(`── ${name}: ${status === 0 ? 'ok' : `FAILED (status ${status})`}, ${seconds} s`);
  if (status !== 0) broken.push(name);
}

/** Runs a command in the root with its output shown. */
function shell(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  return result.status ?? 1;
}

/** Runs a test command that takes Vitest's options and adds its counts to the totals. */
function suite(name, command, args) {
  const report = join(reports, `${name}.json`);
  step(`tests: ${name}`, () => {
    const status = shell(command, [
      ...args,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ]);
    if (!existsSync(report)) return status || 1;
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    totals.passed += numPassedTests;
    totals.failed += numFailedTests;
    totals.skipped += numPendingTests + numTodoTests;
    return status;
  });
}

/** Installs a Debian package where that is possible and none of `commands` is there; tests that need it say so. */
function ensure(debianPackage, ...commands) {
  const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
  const found = () => commands.some(has);
  if (found()) return 0;
  if (process.getuid?.() !== 0 || !has('apt-get')) return 0;
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
  spawnSync('apt-get', ['install', '-y', '-qq', debianPackage], { stdio: ['ignore', 'ignore', 'inherit'] });
  return found() ? 0 : 1;
}

checkNode();
step('install', () => {
  install();
  return 0;
});
step('chromium', () => ensure('chromium', 'chromium', 'google-chrome'));
step('redis', () => ensure('redis-server', 'redis-server'));
step('types', () => pnpm(['run', 'typecheck']));
step('lint', () => pnpm(['run', 'lint']));
step('arrows', () => pnpm(['run', 'arrows']));
suite('unit', 'npm', ['test', '--']);
suite('relaxed', 'npm', ['test', '--', '--project', 'relaxed']);
step('build', () => pnpm(['run', 'build']));
step('packages', () => pnpm(['exec', 'node', 'scripts/check-packages.mjs'], { stdout: 'inherit' }));
suite('slow', 'npm', ['test', '--', '--project', 'slow']);
step('native build', () => shell('node', ['scripts/build-native.mjs']));
suite('native', 'npm', ['test', '--', '--project', 'native']);

if (broken.length > 0) say(`failed: ${broken.join('; ')}`);
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = broken.length > 0 ? 1 : 0;
