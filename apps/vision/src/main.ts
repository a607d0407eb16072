// The program `tidecast-vision`: its commands.

import { type ProgramDescription, runProgram } from '@tidecast/program';
import type { ProgressStream } from '@tidecast/train/node';
import { registerPredict } from './cli/predict.ts';
import { registerSample } from './cli/sample.ts';
import { registerTrain } from './cli/train.ts';

/** A new command is a file in `cli/` and a line here. */
const program: ProgramDescription = {
  name: 'tidecast-vision',
  description: 'Picture classifiers: from a folder of pictures to a trained, explained, saved one.',
  examples:
    'Shortest path:\n' +
    '  tidecast-vision sample                                  makes a folder of pictures to try with\n' +
    '  tidecast-vision train tidecast-pictures                 a folder with a folder for each class\n' +
    '  tidecast-vision predict tidecast-vision-out/classifier.safetensors tidecast-pictures',
  commands: [registerTrain, registerPredict, registerSample],
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
