import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileJournal, folderStore } from '../../src/node.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidecast-journal-'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('a journal in a file', () => {
  it('takes off a last line that was torn, and refuses what is torn in the middle', async () => {
    const path = join(root, 'torn.jsonl');
    const journal = fileJournal(path);
    expect(await journal.read()).toEqual([]);
    const first = '{"kind":"search"}';
    await Promise.all([first, '{"b":"é"}'].map((line) => journal.append(line)));
    appendFileSync(path, '{"c":"half');
    expect(await fileJournal(path).read()).toEqual([first, '{"b":"é"}']);
    await journal.append('{"d":4}');
    expect(readFileSync(path, 'utf8')).toBe(`${first}\n{"b":"é"}\n{"d":4}\n`);
    writeFileSync(path, first.slice(0, 9));
    expect(await fileJournal(path).read()).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it.each(['{"precious":true}', 'one\ntwo', '{"kind":"step","id":"a"}\n'])(
    'refuses another file, and leaves it as it is: %j',
    async (text) => {
      const path = join(root, 'other.txt');
      writeFileSync(path, text);
      await expect(fileJournal(path).read()).rejects.toThrow(
        `journal: ${path} must be the journal of a search, got a file of '${text}'.`,
      );
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  it('says where it cannot write', async () => {
    const path = join(root, 'no such folder', 'journal.jsonl');
    await expect(fileJournal(path).append('{}')).rejects.toThrow(`cannot write ${path}: ENOENT`);
  });
});

describe('a store in a folder', () => {
  it('reads what was written, and nothing where nothing was', async () => {
    const store = folderStore(join(root, 'store'));
    expect(await store.read('trial-1')).toBeUndefined();
    await store.write('trial-1', Uint8Array.of(1, 2, 3));
    expect(Array.from((await store.read('trial-1'))!)).toEqual([1, 2, 3]);
    await store.remove('trial-1');
    await store.remove('trial-1');
    expect(await store.read('trial-1')).toBeUndefined();
  });

  it.each(['../x', '', 'a/b', '.hidden', 'a\0b'])('refuses the name %j', (name) => {
    const store = folderStore(join(root, 'store'));
    expect(() => store.read(name)).toThrow(/^store: a name must be letters/);
  });
});
