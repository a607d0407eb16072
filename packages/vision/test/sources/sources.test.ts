import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  contactSheet,
  countClasses,
  createImage,
  encodePng,
  type ImageList,
  readImageManifest,
  splitImages,
} from '../../src/index.ts';
import { decodeImage, readImageFolder } from '../../src/node.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidecast-vision-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('readImageFolder', () => {
  it('lists classes and pictures in the order of their names, and leaves hidden and other files out', async () => {
    const root = join(folder, 'set');
    for (const path of [
      'dogs/b.JPG',
      'dogs/sub/a.png',
      'cats/1.webp',
      'cats/.hidden.png',
      'cats/readme.txt',
    ]) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), '');
    }
    await mkdir(join(root, '.cache'));
    const list = await readImageFolder(root);
    expect(list.classes).toEqual(['cats', 'dogs']);
    expect(list.items).toEqual([
      { path: join(root, 'cats/1.webp'), label: 0 },
      { path: join(root, 'dogs/b.JPG'), label: 1 },
      { path: join(root, 'dogs/sub/a.png'), label: 1 },
    ]);
    expect(countClasses(list)).toEqual({ cats: 1, dogs: 2 });
  });

  it('follows links to classes, folders and files, and takes no folder for a picture', async () => {
    const [root, elsewhere] = [join(folder, 'linked'), join(folder, 'elsewhere')];
    for (const path of [join(root, 'cats/a.png'), join(elsewhere, 'b.png'), join(root, 'cats/c.png/d.png')]) {
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, '');
    }
    await symlink(elsewhere, join(root, 'dogs'));
    await symlink(elsewhere, join(root, 'cats/more'));
    await symlink('..', join(root, 'cats/round'));
    await symlink('nowhere', join(root, 'cats/lost.png'));
    const { items, classes } = await readImageFolder(root);
    expect(classes).toEqual(['cats', 'dogs']);
    expect(items.map(({ path }) => path.slice(root.length + 1))).toEqual([
      'cats/a.png',
      'cats/c.png/d.png',
      'cats/lost.png',
      'cats/more/b.png',
      'dogs/b.png',
    ]);
  });

  it('says what is missing', async () => {
    const root = join(folder, 'empty');
    await mkdir(root);
    await expect(readImageFolder(root)).rejects.toThrow('a folder for each class');
    await mkdir(join(root, 'a'));
    await expect(readImageFolder(root)).rejects.toThrow(`.webp files in ${join(root, 'a')}, found none`);
  });
});

describe('readImageManifest', () => {
  it('reads paths, classes and groups', () => {
    const list = readImageManifest('file;kind;who\nx.png;dog;1\n\ny.png;cat;2\n', {
      path: 'file',
      label: 'kind',
      group: 'who',
    });
    expect(list).toEqual({
      classes: ['cat', 'dog'],
      items: [
        { path: 'x.png', label: 1, group: '1' },
        { path: 'y.png', label: 0, group: '2' },
      ],
    });
  });

  it('names what is wrong, and where', () => {
    expect(() => readImageManifest('a,b\n1,2')).toThrow('expected a column "path"');
    expect(() => readImageManifest('path,label\nx.png,\n')).toThrow("column 'label', got an empty cell");
    expect(() => readImageManifest('path,label\nx.png,a\ny.png,b\n\nx.png,a\n')).toThrow(
      "row 5: 'x.png' appears twice, here and in row 2. Remove one.",
    );
    expect(() => readImageManifest('path,label\n')).toThrow('at least one picture');
  });
});

describe('splitImages', () => {
  const list: ImageList = {
    classes: ['a', 'b'],
    items: Array.from({ length: 110 }, (_, i) => ({ path: String(i), label: i < 100 ? 0 : 1 })),
  };

  it('keeps the share of every class, loses and repeats nothing, and follows its seed', () => {
    const { train, validation, test } = splitImages(list, { validation: 0.2, test: 0.1, seed: 3 });
    expect(countClasses(train)).toEqual({ a: 70, b: 7 });
    expect(countClasses(validation)).toEqual({ a: 20, b: 2 });
    expect(countClasses(test)).toEqual({ a: 10, b: 1 });
    const paths = [train, validation, test].flatMap(({ items }) => items.map(({ path }) => path));
    expect(new Set(paths).size).toBe(110);
    expect(splitImages(list, { validation: 0.2, test: 0.1, seed: 3 })).toEqual({ train, validation, test });
    expect(splitImages(list, { validation: 0.2, test: 0.1, seed: 4 }).test).not.toEqual(test);
  });

  it('never tears a group apart', () => {
    const grouped: ImageList = {
      ...list,
      items: list.items.map((item, i) => ({ ...item, group: `g${Math.floor(i / 5)}` })),
    };
    const { train, validation, test } = splitImages(grouped, { validation: 0.3, test: 0.3, seed: 1 });
    const parts = [train, validation, test];
    const groups = parts.map(({ items }) => new Set(items.map(({ group }) => group)));
    expect(groups.reduce((sum, each) => sum + each.size, 0)).toBe(22);
    for (const { items } of parts) expect(items.length).toBeGreaterThan(20);
  });

  it('refuses shares that leave nothing', () => {
    expect(() => splitImages(list, { validation: 0.5, test: 0.5, seed: 1 })).toThrow(
      'leave something to train on',
    );
    expect(() => splitImages(list, { test: -0.1, seed: 1 })).toThrow('test must be from 0');
  });
});

describe('contactSheet', () => {
  it('sets pictures side by side, and a PNG of it reads back as it is', async () => {
    const white = createImage({ height: 1, width: 1, channels: 1, data: Uint8Array.from([255]) });
    const red = createImage({
      height: 2,
      width: 1,
      channels: 3,
      data: Uint8Array.from([255, 0, 0, 250, 0, 0]),
    });
    const sheet = contactSheet([white, red, white], { columns: 2, gap: 1, background: 9 });
    expect([sheet.height, sheet.width, sheet.channels]).toEqual([7, 5, 3]);
    const at = (y: number, x: number) => [...sheet.data.slice((y * 5 + x) * 3, (y * 5 + x) * 3 + 3)];
    expect(at(1, 1)).toEqual([255, 255, 255]);
    expect(at(1, 3)).toEqual([255, 0, 0]);
    expect(at(2, 3)).toEqual([250, 0, 0]);
    expect(at(4, 1)).toEqual([255, 255, 255]);
    expect(at(0, 0)).toEqual([9, 9, 9]);
    const back = await decodeImage(encodePng(sheet));
    expect([...back.data]).toEqual([...sheet.data]);
    expect(contactSheet([white], { zoom: 3, gap: 0 })).toMatchObject({ height: 3, width: 3, channels: 1 });
    expect(() => contactSheet([])).toThrow('at least one picture');
  });
});
