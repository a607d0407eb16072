import { describe, expect, it } from 'vitest';
import { createExecutor } from '../../src/executor/executor-runs.ts';
import {
  asha,
  choice,
  createInProcessExecutor,
  type Executor,
  formatSearch,
  grid,
  integer,
  type Journal,
  logUniform,
  memoryStore,
  random,
  type SearchOptions,
  type StrategyConfig,
  search,
  type TrialInput,
  type TrialResult,
  tpe,
  uniform,
} from '../../src/index.ts';

type Job = (input: TrialInput<null>) => number | TrialResult | Promise<number | TrialResult>;

const space = { x: uniform(-2, 2), rate: logUniform(1e-4, 1), units: integer(1, 50) };

/** A loss that falls with the budget, to a floor that depends on the values. */
function lossOf({ values, seed }: Pick<TrialInput, 'values' | 'seed'>, budget: number): number {
  const { x, rate, units } = values as { x: number; rate: number; units: number };
  const floor = x * x + (Math.log10(rate) + 2) ** 2 + Math.abs(units - 20) / 20;
  return floor + (1 + Math.abs(seed % 7) / 7) / budget;
}

const job: Job = (input) => ({
  losses: input.readAt.map((budget) => ({ budget, loss: lossOf(input, budget) })),
  ...(input.mayGoOn && { checkpoint: Uint8Array.of(input.budget) }),
});

/** `workers` at a time; jobs end in an order of their own. */
function shuffled(run: Job, workers: number, salt: number): Executor<TrialInput<null>, number | TrialResult> {
  return createExecutor({
    workers,
    async attemptJob({ id, input }) {
      await new Promise((resolve) => setTimeout(resolve, (id.length * 7 + input.trial * salt) % 5));
      return { status: 'done', value: await run(input) };
    },
    release: async () => {},
  });
}

function memoryJournal(lines: string[] = []): Journal & { lines: string[] } {
  return { lines, read: async () => [...lines], append: async (line) => void lines.push(line) };
}

const base = { space, seed: 3, data: null, executor: job } satisfies Partial<SearchOptions<null>>;
const strategies: [string, StrategyConfig, number | number[]][] = [
  ['random', random({ trials: 20 }), [1, 4, 16]],
  ['asha', asha({ trials: 32, reduction: 2 }), 16],
  ['tpe', tpe({ trials: 30 }), 4],
];

describe('a grid', () => {
  const small = {
    a: choice([1, 2, 3]),
    b: choice(['x', 'y'], { when: { field: 'a', is: [2, 3] } }),
    c: integer(0, 1),
  };

  it('tries every combination once, and those of fields that do not apply not at all', async () => {
    const seen: string[] = [];
    const executor: Job = ({ values, seed }) => {
      seen.push(JSON.stringify(values));
      return seed;
    };
    const { rows, trials } = await search({ ...base, space: small, strategy: grid(), executor });
    expect(trials).toBe(10);
    expect(new Set(seen).size).toBe(10);
    expect(seen.slice(0, 3)).toEqual(['{"a":1,"c":0}', '{"a":1,"c":1}', '{"a":2,"b":"x","c":0}']);
    expect(rows.map(({ loss }) => loss)).toEqual(rows.map(({ loss }) => loss!).sort((a, b) => a - b));
  });

  it('reads several budgets off one training: 3 trials, 9 rows, and pays for the last budget only', async () => {
    const inputs: TrialInput[] = [];
    const { rows, spent, best } = await search({
      ...base,
      space: { units: choice([5, 20, 50]), rate: choice([0.01]), x: choice([0]) },
      strategy: grid(),
      budget: [5, 10, 1000],
      executor: (input: TrialInput<null>) => {
        inputs.push(input);
        return job(input);
      },
    });
    expect(inputs.map(({ budget, readAt }) => [budget, ...readAt])).toEqual(
      new Array(3).fill([1000, 5, 10, 1000]),
    );
    expect(rows).toHaveLength(9);
    expect(spent).toBe(3000);
    expect(best).toMatchObject({ budget: 1000, values: { units: 20 } });
  });

  it('has no ranges', async () => {
    await expect(search({ ...base, strategy: grid() })).rejects.toThrow(
      /^grid: space\.x must have a list of values/,
    );
  });
});

describe.each(strategies)('%s', (name, strategy, budget) => {
  const options = { ...base, strategy, budget };

  it('gives one table for one seed, another for another', async () => {
    const first = await search(options);
    expect(await search(options)).toEqual(first);
    expect((await search({ ...options, seed: 4 })).rows).not.toEqual(first.rows);
  });

  it('gives the same table on 3 workers in any order of ending, byte for byte', async () => {
    const tables = [];
    for (const salt of [0, 1, 3]) {
      const { rows } = await search({ ...options, places: 3, executor: shuffled(job, 3, salt) });
      tables.push(JSON.stringify(rows));
    }
    expect(new Set(tables).size).toBe(1);
    const alone = JSON.stringify((await search({ ...options, places: 3 })).rows);
    expect(alone).toBe(tables[0]);
    if (name === 'random') expect(JSON.stringify((await search(options)).rows)).toBe(alone);
  });

  it('goes on from its journal after any step, runs no step again, and ends with the same table', async () => {
    const whole = memoryJournal();
    const expected = await search({ ...options, places: 2, journal: whole });
    for (const kept of [0, 1, 2, 9, whole.lines.length - 1, whole.lines.length]) {
      const journal = memoryJournal(whole.lines.slice(0, kept));
      const ran: string[] = [];
      const result = await search({
        ...options,
        places: 2,
        journal,
        executor: (input: TrialInput<null>) => {
          ran.push(`${input.trial} ${input.budget}`);
          return job(input);
        },
      });
      expect(result).toEqual(expected);
      expect(ran).toHaveLength(whole.lines.length - Math.max(1, kept));
      expect(new Set(journal.lines)).toEqual(new Set(whole.lines));
    }
  });

  it('reports a trial that fails or gives no number, and goes on', async () => {
    const { rows, best } = await search({
      ...options,
      executor: (input: TrialInput<null>) => {
        if (input.trial === 2) throw new RangeError('no memory');
        return input.trial === 4 ? Number.NaN : job(input);
      },
    });
    const failed = rows.filter(({ loss }) => loss === null);
    expect(failed.map(({ trial }) => trial)).toEqual([2, 4]);
    expect(rows.slice(-2)).toEqual(failed);
    expect(failed[0]!.error).toBe('RangeError: no memory');
    expect(failed[1]!.error).toMatch(/validation loss must be a finite number, got NaN/);
    expect(best.loss).toBe(Math.min(...rows.flatMap(({ loss }) => loss ?? [])));
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [{ loss: 1 }, '{"loss":1}'],
    ['0.5', "'0.5'"],
  ])('takes a job that gives back %j for a failed trial, and says what it must give', async (given, text) => {
    const executor = ((input) => (input.trial === 2 ? given : job(input))) as Job;
    const { rows } = await search({ ...options, executor });
    expect(rows.filter(({ loss }) => loss === null)).toMatchObject([
      {
        trial: 2,
        error: `Error: trial: the job must give back its validation loss, or { losses: [{ budget, loss }, …] }, got ${text}.`,
      },
    ]);
  });
});

describe('a search', () => {
  const options = { ...base, strategy: random({ trials: 6 }) };

  it('stops where its signal aborts, with the reason, and keeps what is done', async () => {
    const controller = new AbortController();
    const journal = memoryJournal();
    const stopped = search({
      ...options,
      journal,
      signal: controller.signal,
      executor: (input: TrialInput<null>) => {
        if (input.trial === 3) controller.abort(new Error('enough'));
        return job(input);
      },
    });
    await expect(stopped).rejects.toThrow('enough');
    expect(journal.lines).toHaveLength(5);
    expect((await search({ ...options, journal })).rows).toEqual((await search(options)).rows);
  });

  it('stops where the journal cannot be written, and begins one other trial at most', async () => {
    let lines = 0;
    const append = async () => {
      if (++lines === 3) throw new Error('disk full');
    };
    let ran = 0;
    const executor = createInProcessExecutor((input: TrialInput<null>) => {
      ran++;
      return job(input);
    });
    const failing = search({ ...options, executor, journal: { read: async () => [], append } });
    await expect(failing).rejects.toThrow('disk full');
    expect(ran).toBeLessThanOrEqual(3);
  });

  it('begins trials anew, whatever another search has left in the store', async () => {
    const store = memoryStore();
    const given: (number | undefined)[] = [];
    const executor: Job = (input) => {
      given.push(input.checkpoint?.[0]);
      return job(input);
    };
    const halving = { ...base, strategy: asha({ trials: 4, reduction: 2 }), budget: 4, places: 1 };
    for (let trial = 0; trial < 4; trial++) await store.write(`trial-${trial}`, Uint8Array.of(99));
    await search({ ...halving, store, executor });
    expect(given).not.toContain(99);
    expect(given.filter((each) => each === undefined)).toHaveLength(4);
    // Also where a job keeps nothing itself.
    await store.write('trial-0', Uint8Array.of(99));
    await search({
      ...{ ...halving, store },
      executor: (input: TrialInput<null>) => {
        given.push(input.checkpoint?.[0]);
        return lossOf(input, input.budget);
      },
    });
    expect(given).not.toContain(99);
  });

  it('refuses the journal of another search, and a damaged one', async () => {
    const journal = memoryJournal();
    await search({ ...options, journal });
    await expect(search({ ...options, seed: 9, journal })).rejects.toThrow(
      'journal: it is from another search: seed was 3, is 9.',
    );
    await expect(search({ ...options, space: { x: uniform(0, 1) }, journal })).rejects.toThrow(
      /space\.x\.min was -2, is 0/,
    );
    const twice = memoryJournal([...journal.lines, journal.lines[1]!]);
    await expect(search({ ...options, journal: twice })).rejects.toThrow(
      /line 8: expected each step once, got trial-/,
    );
    for (const [line, message] of [
      ['{"kind":', /line 2 must be JSON/],
      ['[]', /line 2 must be an object/],
      [
        '{"kind":"step","id":"a","losses":[{"budget":1,"loss":null}]}',
        /line 2: losses\[0\]\.loss must be a finite/,
      ],
      ['{"kind":"step","id":7,"losses":[]}', /line 2: id must be a text/],
      ['{"kind":"other"}', /line 2: kind must be one of step/],
    ] as const) {
      const damaged = memoryJournal([journal.lines[0]!, line, ...journal.lines.slice(1)]);
      await expect(search({ ...options, journal: damaged })).rejects.toThrow(message);
    }
  });

  it('says why where every trial failed', async () => {
    const executor: Job = () => {
      throw new Error('no such layer');
    };
    await expect(search({ ...options, executor })).rejects.toThrow(
      'search: expected at least one trial that succeeds, got none: Error: no such layer',
    );
  });

  it.each<[string, Partial<SearchOptions<null>>, RegExp]>([
    [
      'an unknown strategy',
      { strategy: { type: 'luck' } },
      /strategy\.type must be one of grid, random, asha, tpe/,
    ],
    ['no trials', { strategy: random({ trials: 0 }) }, /random: trials must be a whole number at least 1/],
    ['budgets that fall', { budget: [5, 2] }, /budget\[1\] must be a finite number greater than 5, got 2/],
    ['a seed that is no number', { seed: Number.NaN }, /search: seed/],
    [
      'too few trials for the rungs',
      { strategy: asha({ trials: 15 }), budget: 16 },
      /trials must be at least 16.*1, 4, 16/,
    ],
  ])('refuses %s', async (_, wrong, message) => {
    await expect(search({ ...options, ...wrong })).rejects.toThrow(message);
  });

  it('prints its table, best first', async () => {
    const { rows } = await search({
      ...options,
      space: { units: choice([20, 50]), x: choice([0]), rate: choice([0.01]) },
      strategy: grid(),
    });
    expect(formatSearch(rows, { top: 1 }).split('\n')).toEqual([
      '  loss  budget  units  x  rate  trial',
      expect.stringMatching(/^[\d.]+ +1 +20 +0 +0\.01 +0$/),
    ]);
  });
});

describe('asha', () => {
  const strategy = asha({ trials: 64, reduction: 4 });

  it('trains all on the lowest rung, about the best quarter on each next one, from their checkpoints', async () => {
    const inputs: TrialInput[] = [];
    const { rows, spent } = await search({
      ...base,
      strategy,
      budget: 64,
      executor: (input: TrialInput<null>) => {
        inputs.push(input);
        return job(input);
      },
    });
    const at = (budget: number) => inputs.filter((input) => input.budget === budget);
    // What is among the best quarter early is promoted, though it may be beaten later: some more than 16 and 4.
    const [first, second, third, last] = [1, 4, 16, 64].map((budget) => at(budget).length);
    expect([first, last]).toEqual([64, 1]);
    expect(second! >= 16 && second! <= 20).toBe(true);
    expect(third! >= 4 && third! <= 6).toBe(true);
    for (const { budget, checkpoint, mayGoOn } of inputs) {
      expect(checkpoint?.[0]).toBe(budget === 1 ? undefined : budget / 4);
      expect(mayGoOn).toBe(budget < 64);
    }
    expect(spent).toBe(64 + second! * 3 + third! * 12 + 48);
    const bottom = rows.filter(({ budget }) => budget === 1).map(({ trial }) => trial);
    const top = inputs.find((input) => input.budget === 64)!.trial;
    expect(bottom.slice(0, 6)).toContain(top);
  });
});

describe('TPE on the Branin function', () => {
  /** Global minimum 0.397887 (Dixon and Szegő 1978). */
  const branin = (x: number, y: number) =>
    (y - (5.1 * x * x) / (4 * Math.PI ** 2) + (5 * x) / Math.PI - 6) ** 2 +
    10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) +
    10;
  const executor: Job = ({ values }) => branin(values.x as number, values.y as number);
  const regret = async (strategy: StrategyConfig, seed: number) => {
    const { best } = await search({
      ...base,
      space: { x: uniform(-5, 10), y: uniform(0, 15) },
      seed,
      strategy,
      executor,
    });
    return best.loss! - 0.397887;
  };

  it('is on average less than half as far from the minimum as random search after 60 trials, 8 seeds', async () => {
    const mean = async (strategy: StrategyConfig) => {
      const all = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => regret(strategy, seed)));
      return all.reduce((sum, each) => sum + each, 0) / all.length;
    };
    const [modelled, blind] = [await mean(tpe({ trials: 60 })), await mean(random({ trials: 60 }))];
    expect(modelled).toBeGreaterThan(-1e-6);
    expect(modelled).toBeLessThan(blind / 2);
  });
});
