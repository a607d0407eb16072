// The program `tidecast-tec`: its commands.

import { type Context, type ProgramDescription, runProgram } from '@tidecast/program';
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

/**
 * Runs the program on `argv` (without the node and script paths).
 * @returns the exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 */
export function main(argv: readonly string[], io?: Partial<Context>): Promise<number> {
  return runProgram(program, argv, io);
}
