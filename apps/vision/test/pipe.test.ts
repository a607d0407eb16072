import type { EventEmitter } from 'node:events';
import { runInProcess } from '@tidecast/program';
import { afterEach, describe, expect, it, vi } from 'vitest';

const streams: EventEmitter[] = [process.stdout, process.stderr];
const heard: [EventEmitter, string][] = [
  [process, 'SIGINT'],
  [process, 'SIGTERM'],
  ...streams.map((stream): [EventEmitter, string] => [stream, 'error']),
];
const before = heard.map(([emitter, name]) => emitter.rawListeners(name));

afterEach(() => {
  vi.restoreAllMocks();
  for (const [i, [emitter, name]] of heard.entries()) {
    const added = emitter.rawListeners(name).filter((each) => !before[i]!.includes(each));
    for (const each of added) emitter.removeListener(name, each as () => void);
  }
  process.exitCode = undefined;
});

describe('a program in a process', () => {
  it.each([0, 1])('ends without a stack where nobody reads stream %i on', async (number) => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {
      throw new Error('exit');
    }) as never);
    await runInProcess(async () => {
      const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
      expect(() => streams[number]!.emit('error', broken)).toThrow('exit');
      return 0;
    });
    expect(exit).toHaveBeenCalledWith(141);
  });
});
