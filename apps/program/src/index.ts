export { checkFolder } from './check-folder.ts';
export type { Context, Output } from './context.ts';
export { wholeNumber, words } from './parse.ts';
export { type ProgramDescription, runInProcess, runProgram } from './run-program.ts';
export { type Files, writeFiles } from './write-files.ts';
