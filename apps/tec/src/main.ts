// The program as a function: arguments in, exit status out. Whatever goes wrong ends in one sentence on stderr.

import { Command, CommanderError } from 'commander';
import type { Context } from './cli/context.ts';
import { registerForecast } from './cli/forecast.ts';
import { registerSample } from './cli/sample.ts';
import { registerStudy } from './cli/study.ts';

/** Every command of the program; a new one is a file in `cli/` and a line here. */
const commands: readonly ((program: Command, context: Context) => void)[] = [
  registerForecast,
  registerSample,
  registerStudy,
];

/** Exit status after Ctrl-C, as shells have it: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Runs the program on `argv` (without the node and script paths).
 * @returns the exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 */
export async function main(argv: readonly string[], io: Partial<Context> = {}): Promise<number> {
  const context: Context = {
    stdout: io.stdout ?? process.stdout,
    stderr: io.stderr ?? process.stderr,
    signal: io.signal ?? new AbortController().signal,
  };
  const debug = argv.includes('--debug');
  try {
    await program(context).parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted) {
      context.stderr.write('\nStopped. Nothing half-written is left behind.\n');
      return INTERRUPTED;
    }
    context.stderr.write(debug ? `${(error as Error)?.stack ?? error}\n` : `${sentence(error)}\n`);
    return 1;
  }
}

function program(context: Context): Command {
  const root = new Command('tidecast-tec')
    .description(
      '24-hour forecasts of ionospheric total electron content (TEC), from GIM files to a scored report.',
    )
    .option('--debug', 'show where an error came from')
    .showHelpAfterError('(add --help for what the command takes)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .addHelpText(
      'after',
      '\nShortest path:\n' +
        '  tidecast-tec forecast                                   with a synthetic sample\n' +
        '  tidecast-tec forecast --gim gim/ --index Kp_ap.txt      with your own files',
    );
  for (const register of commands) register(root, context);
  for (const command of root.commands) {
    command.copyInheritedSettings(root).option('--debug', 'show where an error came from');
  }
  return root;
}

function sentence(error: unknown): string {
  const text = error instanceof Error && error.message ? error.message : String(error);
  return `tidecast-tec: ${text.split(/\s*\n\s*/).join(' ')}`;
}
