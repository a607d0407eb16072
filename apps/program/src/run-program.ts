// A program as a function: arguments in, exit status out. Whatever goes wrong ends in one sentence on stderr.

import { Command, CommanderError } from 'commander';
import type { Context } from './context.ts';

/** Exit status after Ctrl-C, as shells have it: 128 + SIGINT. */
const INTERRUPTED = 130;
/** The same where nobody reads on, such as `head` after its lines: 128 + SIGPIPE. */
const BROKEN_PIPE = 141;

/** What a program is. */
export interface ProgramDescription {
  name: string;
  description: string;
  /** Added to the help. */
  examples: string;
  /** Each adds a command. */
  commands: readonly ((program: Command, context: Context) => void)[];
}

/**
 * Runs the program on `argv` (without the node and script paths).
 * @returns the exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 */
export async function runProgram(
  description: ProgramDescription,
  argv: readonly string[],
  io: Partial<Context> = {},
): Promise<number> {
  const context: Context = {
    stdout: io.stdout ?? process.stdout,
    stderr: io.stderr ?? process.stderr,
    signal: io.signal ?? new AbortController().signal,
  };
  try {
    await commandOf(description, context).parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (context.signal.aborted) {
      context.stderr.write('\nStopped. Nothing half-written is left behind.\n');
      return INTERRUPTED;
    }
    const debug = argv.includes('--debug');
    const text = debug ? ((error as Error)?.stack ?? String(error)) : sentence(description.name, error);
    context.stderr.write(`${text}\n`);
    return 1;
  }
}

/** Wires `main` to the process: Ctrl-C once stops it cleanly, twice at once, and so does a closed pipe. */
export async function runInProcess(
  main: (argv: readonly string[], io: Partial<Context>) => Promise<number>,
): Promise<void> {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    controller.abort();
  });
  process.on('SIGTERM', () => controller.abort());
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
      throw error;
    });
  }
  process.exitCode = await main(process.argv.slice(2), { signal: controller.signal });
}

function commandOf({ name, description, examples, commands }: ProgramDescription, context: Context): Command {
  const root = new Command(name)
    .description(description)
    .option('--debug', 'show where an error came from')
    .showHelpAfterError('(add --help for what the command takes)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .addHelpText('after', `\n${examples}`);
  for (const register of commands) register(root, context);
  for (const command of root.commands) {
    command.copyInheritedSettings(root).option('--debug', 'show where an error came from');
  }
  return root;
}

function sentence(name: string, error: unknown): string {
  const text = error instanceof Error && error.message ? error.message : String(error);
  return `${name}: ${text.split(/\s*\n\s*/).join(' ')}`;
}
