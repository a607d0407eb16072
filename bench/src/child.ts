// The harness's end of a peer: a process of its own, pinned to the core that all peers share.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer, Ready, Refusal, Request } from './protocol.ts';

/** How a peer's process is started. */
export interface Launch {
  command: string;
  args: readonly string[];
  env?: Record<string, string>;
}

export interface ChildOptions {
  /** Core to run on, where `taskset` is there. */
  core?: number;
  /** How long a start may take [ms]; TensorFlow needs long to import. */
  startMs?: number;
}

/** A running peer. */
export interface Child {
  ready: Ready;
  /**
   * The answer to one request; requests wait for one another.
   * @throws PeerError if the peer refuses (and lives on), ends, or takes longer than `timeoutMs` (and is ended).
   */
  ask<R extends Request>(request: R, timeoutMs?: number): Promise<Answer<R>>;
  /** False once the process has ended. */
  readonly alive: boolean;
  stop(): void;
}

/** A peer that does not start, refuses, ends or hangs. */
export class PeerError extends Error {
  override readonly name = 'PeerError';
}

/** Starts a peer. @throws PeerError with the last line it wrote to stderr, if it ends before it is ready. */
export async function startChild(
  { command, args, env }: Launch,
  { core, startMs = 120_000 }: ChildOptions = {},
): Promise<Child> {
  const pinned: [string, string[]] =
    core === undefined ? [command, [...args]] : ['taskset', ['-c', String(core), command, ...args]];
  const child = spawn(...pinned, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = createLines(child);
  const stop = () => {
    child.stdin.end();
    child.kill('SIGKILL');
  };
  const read = async (timeoutMs: number): Promise<Record<string, unknown>> => {
    try {
      return await lines.next(timeoutMs);
    } catch (error) {
      stop();
      throw error;
    }
  };

  const ready = (await read(startMs)) as unknown as Ready;
  let turn: Promise<unknown> = Promise.resolve();
  return {
    ready,
    ask<R extends Request>(request: R, timeoutMs = 300_000) {
      const answer = turn.then(async () => {
        child.stdin.write(`${JSON.stringify(request)}\n`);
        const reply = (await read(timeoutMs)) as unknown as Answer<R> | Refusal;
        if ('error' in reply) throw new PeerError(reply.error);
        return reply;
      });
      turn = answer.catch(() => {});
      return answer;
    },
    get alive() {
      return lines.ended === undefined;
    },
    stop,
  };
}

/** The JSON lines of a process. Lines that are none are left out: libraries print to stdout now and then. */
function createLines(child: ChildProcess) {
  const waiting: Record<string, unknown>[] = [];
  let wake: (() => void) | undefined;
  let ended: string | undefined;
  let complaint = '';
  const end = (reason: string) => {
    ended ??= reason;
    wake?.();
  };
  child.stderr!.on('data', (bytes: Buffer) => {
    complaint = `${complaint}${bytes}`.slice(-4000);
  });
  child.stdin!.on('error', () => {});
  child.on('error', (error) => end(error.message));
  child.on('close', (status, signal) =>
    end(lastLine(complaint) || `it ended with ${signal ?? `status ${status}`}`),
  );
  createInterface({ input: child.stdout! }).on('line', (line) => {
    if (!line.startsWith('{')) return;
    waiting.push(JSON.parse(line));
    wake?.();
  });
  return {
    get ended() {
      return ended;
    },
    async next(timeoutMs: number): Promise<Record<string, unknown>> {
      const late = Date.now() + timeoutMs;
      while (waiting.length === 0) {
        if (ended !== undefined) throw new PeerError(ended);
        const left = late - Date.now();
        if (left <= 0) throw new PeerError(`no answer within ${Math.round(timeoutMs / 1000)} s`);
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          timer = setTimeout(resolve, left);
        });
        clearTimeout(timer);
        wake = undefined;
      }
      return waiting.shift()!;
    },
  };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
