// The program `tidecast-tec`: its commands.

import { type ProgramDescription, runProgram } from '@tidecast/program';
import type { ProgressStream } from '@tidecast/train/node';
import { registerForecast } from './cli/forecast.ts';
import { registerSample } from './cli/sample.ts';
import { registerStudy } from './cli/study.ts';

/** A new command is a file in `cli/` and a line here. */
const program: ProgramDescription = {
  name: 'tidecast-tec',
  description:
    '24-hour forecasts of ionospheric total electron content (TEC), from GIM files to a scored report.',
  examples:
    'Shortest path:\n' +
    '  tidecast-tec forecast                                   with a synthetic sample\n' +
    '  tidecast-tec forecast --gim gim/ --index Kp_ap.txt      with your own files',
  commands: [registerForecast, registerSample, registerStudy],
};

/** Where the program writes, and what stops it; default: the streams of the process, and nothing. */
export interface ProgramIo {
  stdout?: ProgressStream;
  stderr?: ProgressStream;
  signal?: AbortSignal;
}

/**
 * Runs the program on `argv` (without the node and script paths).
 * @returns the exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 */
export function main(argv: readonly string[], io?: ProgramIo): Promise<number> {
  return runProgram(program, argv, io);
}
