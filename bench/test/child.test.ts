import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Child, PeerError, startChild } from '../src/child.ts';
import { type Contestant, measurePoints, type PointFailure, type PointResult } from '../src/measure.ts';
import type { Cell } from '../src/points.ts';

const script = fileURLToPath(new URL('fake-peer.mjs', import.meta.url));
const children: Child[] = [];

async function start(...args: string[]): Promise<Child> {
  const child = await startChild({ command: process.execPath, args: [script, ...args] });
  children.push(child);
  return child;
}

afterEach(() => {
  for (const child of children.splice(0)) child.stop();
});

const train = (cell: Cell, units = 5) => ({ measure: 'train', cell, units, batch: 16 }) as const;

describe('startChild', () => {
  it('hears ready past what libraries print, and answers in order', async () => {
    const child = await start();
    expect(child.ready).toEqual({ ready: 'fake', version: '1' });
    const answers = await Promise.all([5, 10, 20].map((units) => child.ask(train('lstm', units))));
    expect(answers.map(({ steps }) => steps)).toEqual([5, 10, 20]);
  });

  it('tells why a peer did not start, by its last line', async () => {
    await expect(start('broken')).rejects.toThrow(/^ModuleNotFoundError: no module named torch$/);
    await expect(startChild({ command: '/nowhere/python', args: [] })).rejects.toThrow(PeerError);
  });

  it('goes on after a refusal', async () => {
    const child = await start();
    await expect(child.ask(train('rnn'))).rejects.toThrow('no rnn here');
    expect(child.alive).toBe(true);
    expect((await child.ask(train('lstm'))).ms).toBe(0.5);
  });

  it('tells that a peer has ended', async () => {
    const child = await start();
    await expect(child.ask(train('gru'))).rejects.toThrow('it ended with status 3');
    expect(child.alive).toBe(false);
  });

  it('ends a peer that hangs', async () => {
    const child = await start();
    await expect(child.ask(train('cnn1d'), 200)).rejects.toThrow(/no answer within/);
    await expect(child.ask(train('lstm'))).rejects.toThrow(PeerError);
  });
});

describe('measurePoints', () => {
  it('lets peers take turns, keeps failures apart and starts a dead peer anew', async () => {
    const order: string[] = [];
    const contestant = async (name: 'tidecast' | 'jax'): Promise<Contestant> => {
      const watched = async () => {
        const child = await start();
        return {
          ...child,
          get alive() {
            return child.alive;
          },
          ask: ((request, timeoutMs) => {
            order.push(name);
            return child.ask(request, timeoutMs);
          }) as Child['ask'],
        };
      };
      return { name, child: await watched(), restart: watched };
    };
    const results: (PointResult | PointFailure)[] = [];
    const points = (['lstm', 'gru', 'lstm'] as const).map((cell, i) => ({
      cell,
      units: 5 * (i + 1),
      batch: 16,
    }));
    await measurePoints([await contestant('tidecast'), await contestant('jax')], points, {
      rounds: 2,
      seconds: 0.1,
      onResult: (result) => results.push(result),
    });
    expect(order.slice(0, 4)).toEqual(['tidecast', 'jax', 'tidecast', 'jax']);
    expect(results).toEqual([
      { peer: 'tidecast', cell: 'lstm', units: 5, batch: 16, steps: 10, ms: 0.5 },
      { peer: 'jax', cell: 'lstm', units: 5, batch: 16, steps: 10, ms: 0.5 },
      { peer: 'tidecast', cell: 'gru', units: 10, batch: 16, error: 'it ended with status 3' },
      { peer: 'jax', cell: 'gru', units: 10, batch: 16, error: 'it ended with status 3' },
      { peer: 'tidecast', cell: 'lstm', units: 15, batch: 16, steps: 30, ms: 1.5 },
      { peer: 'jax', cell: 'lstm', units: 15, batch: 16, steps: 30, ms: 1.5 },
    ]);
  });
});
