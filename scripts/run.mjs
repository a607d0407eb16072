// The commands of the root (`npm run forecast`, `study`, `bench`, `example`, `mnist` and `npm test`) set up what they need and do their job.

import { join } from 'node:path';
import { build, checkNode, fail, install, root, run } from './setup.mjs';

const [task, ...args] = process.argv.slice(2);
const tecCommand = join(root, 'apps/tec/dist/cli.js');

/** What each command does once the dependencies are there; returns the exit status. */
const tasks = {
  forecast: () => {
    build();
    return run(process.execPath, [tecCommand, 'forecast', ...args], {
      stdout: 'inherit',
      cwd: process.cwd(),
    });
  },
  study: () => {
    build();
    return run(process.execPath, [tecCommand, 'study', ...args], { stdout: 'inherit', cwd: process.cwd() });
  },
  bench: () => {
    build();
    return run(process.execPath, [join(root, 'bench/dist/bench.js'), ...args], {
      stdout: 'inherit',
      cwd: process.cwd(),
    });
  },
  example: () => {
    build();
    return run(process.execPath, [join(root, 'examples/dist/cli.js'), ...args], {
      stdout: 'inherit',
      cwd: process.cwd(),
    });
  },
  mnist: () => {
    build();
    return run(process.execPath, [join(root, 'bench/dist/mnist.js'), ...args], {
      stdout: 'inherit',
      cwd: process.cwd(),
    });
  },
  test: () => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    return run(
      process.execPath,
      [vitest, 'run', ...(args.includes('--project') ? [] : ['--project', 'unit']), ...args],
      {
        stdout: 'inherit',
      },
    );
  },
};

// The child gets the terminal's Ctrl-C too and ends in its own way; wait for it.
process.on('SIGINT', () => {});

checkNode();
if (!Object.hasOwn(tasks, task))
  fail(`unknown command '${task}'; expected one of ${Object.keys(tasks).join(', ')}.`);
install();
process.exitCode = tasks[task]();
