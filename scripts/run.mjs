// The commands of the root (`npm run forecast`, `vision`, `study`, … and `npm test`) set up what they need and do their job.

import { join } from 'node:path';
import { build, checkNode, fail, install, root, run } from './setup.mjs';

const [task, ...args] = process.argv.slice(2);

/** The program behind each command that needs the build, and its first arguments. */
const programs = {
  forecast: ['apps/tec/dist/cli.js', 'forecast'],
  study: ['apps/tec/dist/cli.js', 'study'],
  vision: ['apps/vision/dist/cli.js'],
  bench: ['bench/dist/bench.js'],
  mnist: ['bench/dist/mnist.js'],
  example: ['examples/dist/cli.js'],
};

/** What works on the sources, and its first arguments. */
const tools = {
  page: ['node_modules/vite/bin/vite.js', 'apps/vision/page'],
  test: [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...(args.includes('--project') ? [] : ['--project', 'unit']),
  ],
};

// The child gets the terminal's Ctrl-C too and ends in its own way; wait for it.
process.on('SIGINT', () => {});

checkNode();
const commands = { ...programs, ...tools };
if (!Object.hasOwn(commands, task))
  fail(`unknown command '${task}'; expected one of ${Object.keys(commands).join(', ')}.`);
install();
if (Object.hasOwn(programs, task)) build();
const [file, ...first] = commands[task];
process.exitCode = run(process.execPath, [join(root, file), ...first, ...args], {
  stdout: 'inherit',
  // Programs take paths from where the user stands; tools know the root.
  cwd: Object.hasOwn(programs, task) ? process.cwd() : root,
});
