import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@tidecast/data';
import { loadModel, saveModel } from '@tidecast/models';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  bootstrap,
  createEnsemble,
  disposeEnsemble,
  type EnsembleEvent,
  type EnsembleOptions,
  ensemble,
  loadEnsemble,
  type MemberInput,
  memoryStore,
  saveEnsemble,
  saveForecaster,
} from '../../src/index.ts';
import { loadEnsembleFile, saveEnsembleFile } from '../../src/node.ts';
import { setUpWorkers, startWorkers } from '../executor/workers.ts';
import { weightsOf } from '../helpers.ts';
import { type MemberData, makeSeries, trainMember } from './member-job.ts';

setUpBackend();
setUpWorkers();

const series = makeSeries();
const data: MemberData = { series, backend: testBackend };
const options: EnsembleOptions<MemberData> = {
  count: 3,
  seed: 5,
  data,
  loadModel,
  executor: trainMember as EnsembleOptions<MemberData>['executor'],
};

/** Trains an ensemble and keeps its bytes, which are no tensors. */
async function bytesOf(changes: Partial<EnsembleOptions<MemberData>> = {}) {
  const { ensemble: made, members } = await ensemble({ ...options, ...changes });
  const bytes = saveEnsemble(made, saveModel);
  const weights = made.members.map(({ model }) => weightsOf(model));
  disposeEnsemble(made);
  return { bytes, members, weights };
}

describe('an ensemble', () => {
  it('has members that differ, the same ones for the same seed, bit for bit', async () => {
    const { bytes, weights, members } = await bytesOf();
    expect(members.map(({ member, status }) => [member, status])).toEqual([
      [0, 'done'],
      [1, 'done'],
      [2, 'done'],
    ]);
    expect(new Set(weights.map((each) => JSON.stringify(Object.values(each).map(String)))).size).toBe(3);
    expect((await bytesOf()).bytes).toEqual(bytes);
    expect((await bytesOf({ seed: 6 })).bytes).not.toEqual(bytes);
    // Members do not depend on how many there are.
    expect((await bytesOf({ count: 2 })).weights).toEqual(weights.slice(0, 2));
  });

  // Two threads translate and load all sources first, which takes its time on a busy machine.
  it('has the same members on 2 workers, bit for bit', async () => {
    const module = new URL('./member-job.ts', import.meta.url);
    const executor = startWorkers<MemberInput<MemberData>, Uint8Array>('trainMember', { module, workers: 2 });
    const onWasm = { data: { ...data, backend: 'wasm' as const } };
    expect((await bytesOf({ ...onWasm, executor })).bytes).toEqual((await bytesOf(onWasm)).bytes);
  }, 120_000);

  it('has members that learn from samples of their own with bagging', async () => {
    const plain = await bytesOf();
    const bagged = await bytesOf({ data: { ...data, bagging: true } });
    expect(bagged.weights[0]).not.toEqual(plain.weights[0]);
    expect((await bytesOf({ data: { ...data, bagging: true } })).bytes).toEqual(bagged.bytes);
  });

  it('stands where a member fails, and says which and why', async () => {
    const events: EnsembleEvent[] = [];
    const { weights, members } = await bytesOf({
      data: { ...data, failing: [1] },
      onProgress: (event) => void events.push(event),
    });
    expect(members.map(({ status }) => status)).toEqual(['done', 'failed', 'done']);
    expect(members[1]).toMatchObject({ error: { name: 'RangeError', message: 'member 1 has no memory' } });
    const whole = await bytesOf();
    expect(weights).toEqual([whole.weights[0], whole.weights[2]]);
    const count = (kind: string, member: number) =>
      events.filter(
        (event) => event.kind === kind && (event.kind === 'report' ? event : event.result).member === member,
      ).length;
    expect([0, 1, 2].map((member) => [count('report', member), count('end', member)])).toEqual([
      [4, 1],
      [0, 1],
      [4, 1],
    ]);
  });

  it('is an error where fewer than minMembers are left', async () => {
    const failing = { data: { ...data, failing: [0, 2] } };
    await expect(ensemble({ ...options, ...failing })).rejects.toThrow(
      'ensemble: expected at least 2 members that succeed, got 1. ' +
        'member 0: member 0 has no memory member 2: member 2 has no memory',
    );
    const { weights } = await bytesOf({ ...failing, minMembers: 1 });
    expect(weights).toHaveLength(1);
  });

  it('does not count a job that gives back no bytes', async () => {
    const executor = (async ({ member }, context) =>
      member === 1
        ? 'weights'
        : trainMember({ member, seed: 1, data }, context as never)) as typeof options.executor;
    const { members } = await bytesOf({ executor });
    expect(members[1]).toMatchObject({
      status: 'failed',
      error: { name: 'TypeError', message: /'weights'/ },
    });
  });

  it('goes on from its store after an abort, and trains no member again', async () => {
    const store = memoryStore();
    const controller = new AbortController();
    const onProgress = (event: EnsembleEvent) => {
      if (event.kind === 'end' && event.result.member === 1) controller.abort(new Error('enough'));
    };
    await expect(ensemble({ ...options, store, onProgress, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
    const trained: number[] = [];
    const executor = ((input: MemberInput<MemberData>, context: never) => {
      trained.push(input.member);
      return trainMember(input, context);
    }) as typeof options.executor;
    const { bytes, members } = await bytesOf({ store, executor });
    expect(trained).toEqual([2]);
    expect(members.map(({ status }) => status)).toEqual(['kept', 'kept', 'done']);
    expect(bytes).toEqual((await bytesOf()).bytes);
  });

  it('names the member whose bytes are damaged, and how to train it again', async () => {
    const store = memoryStore();
    const { members } = await bytesOf({ store });
    const name = `member-1-seed-${members[1]!.seed}`;
    await store.write(name, (await store.read(name))!.slice(0, 50));
    await expect(ensemble({ ...options, store })).rejects.toThrow(
      new RegExp(`^ensemble: member 1: safetensors: .* Take '${name}' out of the store to train it again.$`),
    );
  });

  it.each([
    ['count', { count: 0 }, /^ensemble: count must be a whole number at least 1, got 0/],
    ['minMembers', { minMembers: 4 }, /^ensemble: minMembers must be .* at most 3, got 4/],
    ['seed', { seed: 0.5 }, /^ensemble: seed must be a whole number/],
  ])('refuses a wrong %s', async (_, wrong, message) => {
    await expect(ensemble({ ...options, ...wrong })).rejects.toThrow(message);
  });
});

describe('the file of an ensemble', () => {
  it('gives back the members, their weights bit for bit', async () => {
    const { bytes, weights } = await bytesOf({ count: 2 });
    const again = loadEnsemble(bytes, loadModel);
    expect(again.name).toBe('ensemble');
    expect(again.members.map(({ name }) => name)).toEqual(['member-0', 'member-1']);
    expect(again.members.map(({ model }) => weightsOf(model))).toEqual(weights);
    expect(saveEnsemble(again, saveModel)).toEqual(bytes);
    disposeEnsemble(again);
  });

  it('is written to a path and read from there; what cannot be read is said with its path', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidecast-ensemble-'));
    const path = join(folder, 'tide.safetensors');
    const { ensemble: made } = await ensemble({ ...options, count: 2 });
    await saveEnsembleFile(made, path, saveModel);
    const again = await loadEnsembleFile(path, loadModel);
    expect(saveEnsemble(again, saveModel)).toEqual(saveEnsemble(made, saveModel));
    disposeEnsemble(made);
    disposeEnsemble(again);
    await writeFile(path, 'no ensemble');
    await expect(loadEnsembleFile(path, loadModel)).rejects.toThrow(`${path}: safetensors: `);
    await rm(folder, { recursive: true });
    await expect(loadEnsembleFile(path, loadModel)).rejects.toThrow(
      `cannot read ${path}: there is no such file`,
    );
  });

  it('is refused where it is damaged, foreign or of a later version, and leaves no tensor behind', async () => {
    const { bytes } = await bytesOf({ count: 2 });
    const { tensors, metadata } = decodeSafetensors(bytes);
    const description = JSON.parse(metadata.ensemble!);
    const write = (change: object, more = {}) =>
      encodeSafetensors({ ...tensors, ...more }, { ensemble: JSON.stringify({ ...description, ...change }) });
    const one = { data: Float32Array.of(1), shape: [1] };
    const [name, weight] = Object.entries(tensors).find(([key]) => key.startsWith('members/1/'))!;
    const broken = { [name]: { data: weight.data.slice(1), shape: [weight.data.length - 1] } };
    const damaged: [Uint8Array, RegExp][] = [
      [encodeSafetensors(tensors, {}), /holds no ensemble/],
      [encodeSafetensors(tensors, { ensemble: '{' }), /description is not JSON/],
      [write({ version: 2 }), /version must be 1, got 2/],
      [write({ name: 3 }), /name must be a text/],
      [write({ members: [] }), /number of members must be .* at least 1 and .*, got 0/],
      [write({ members: [{ forecaster: 3 }] }), /members\[0\]\.forecaster must be a text/],
      [write({ members: description.members.slice(1) }), /'members\/1\/.*' belongs to none of 1 members/],
      [write({ members: [...description.members, {}] }), /member 2: forecaster: /],
      [write({}, { 'members/00/x': one }), /'members\/00\/x' belongs to none/],
      [write({}, { 'members/2/x': one }), /belongs to none/],
      [write({}, broken), /^ensemble: member 1: /],
      [bytes.subarray(0, bytes.length - 4), /not a whole safetensors file/],
    ];
    for (const [file, message] of damaged) expect(() => loadEnsemble(file, loadModel)).toThrow(message);
  });

  it('is refused, whole, whatever bytes are changed in its description', async () => {
    const { bytes } = await bytesOf({ count: 1 });
    const text = decodeSafetensors(bytes).metadata.ensemble!;
    const { tensors } = decodeSafetensors(bytes);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', '"', '{', ']', 'x', '-'), (at, character) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        try {
          disposeEnsemble(loadEnsemble(encodeSafetensors(tensors, { ensemble: changed }), loadModel));
        } catch (error) {
          expect((error as Error).message).toMatch(/^ensemble/);
        }
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it('holds members of one kind', async () => {
    const { ensemble: made } = await ensemble({ ...options, count: 2 });
    const [first, second] = made.members;
    expect(() => createEnsemble([first!, { ...second!, step: 5 }])).toThrow(
      'ensemble: members must read the same windows: step of member 0 is 3600000, of member 1 5.',
    );
    expect(() => createEnsemble([])).toThrow('expected at least one member');
    expect(saveForecaster(first!, saveModel).length).toBeGreaterThan(0);
    disposeEnsemble(made);
  });
});

describe('bootstrap', () => {
  it('draws count of count; what is left out is what was not drawn', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer(),
        fc.integer({ min: 1, max: 20 }),
        (count, seed, run) => {
          const { drawn, left } = bootstrap(count, { seed, block: Math.min(run, count) });
          expect(drawn).toHaveLength(count);
          const inside = new Set(drawn);
          for (const index of inside) expect(index).toBeLessThan(count);
          expect(Array.from(left)).toEqual(
            Array.from({ length: count }, (_, i) => i).filter((i) => !inside.has(i)),
          );
        },
      ),
    );
  });

  it('leaves out 1/e of 20000 within 0.015, with blocks of 10 too', () => {
    for (const block of [1, 10]) {
      const { left } = bootstrap(20_000, { seed: 3, block });
      expect(Math.abs(left.length / 20_000 - Math.exp(-1))).toBeLessThan(0.015);
    }
  });

  it('draws runs of consecutive examples', () => {
    const { drawn } = bootstrap(100, { seed: 2, block: 8 });
    for (let i = 1; i < 100; i++) if (i % 8) expect(drawn[i]).toBe((drawn[i - 1]! + 1) % 100);
  });

  it('refuses a block longer than the examples', () => {
    expect(() => bootstrap(5, { seed: 1, block: 6 })).toThrow(
      /^bootstrap: block must be .* at most 5, got 6/,
    );
  });
});
