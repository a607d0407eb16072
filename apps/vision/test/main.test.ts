import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchNorm, createModel, dense, flatten, network } from '@tidecast/models';
import { createImage, createImageClassifier, encodePng, saveImageClassifier } from '@tidecast/vision';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import { main } from '../src/index.ts';

let folder = '';
const at = (...parts: string[]) => join(folder, ...parts);

/** Runs the program and hands back its exit status and what it wrote. */
async function run(argv: readonly string[], signal?: AbortSignal) {
  const text = { stdout: '', stderr: '' };
  const out = (name: 'stdout' | 'stderr') => ({
    write: (part: string) => {
      text[name] += part;
    },
  });
  const status = await main(argv, {
    stdout: out('stdout'),
    stderr: out('stderr'),
    ...(signal && { signal }),
  });
  return { status, ...text };
}

/** A folder with two classes that differ by their colour. */
async function writePictures(path: string, perClass: number): Promise<void> {
  for (const [k, name] of ['blue', 'red'].entries()) {
    await mkdir(join(path, name), { recursive: true });
    for (let n = 0; n < perClass; n++) {
      const data = Uint8Array.from({ length: 12 * 12 * 3 }, (_, i) =>
        i % 3 === (k === 0 ? 2 : 0) ? 150 + ((i * 7 + n * 31) % 100) : (i * 13 + n * 17) % 90,
      );
      const image = createImage({ height: 12, width: 12, channels: 3, data });
      await writeFile(join(path, name, `${n}.png`), encodePng(image));
    }
  }
}

const quick = ['--epochs', '4', '--batch-size', '8', '--augment', 'none'];

describe('tidecast-vision', () => {
  setUpBackend();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vision-main-'));
    await writePictures(at('pictures'), 14);
    await writePictures(at('two'), 2);
    await mkdir(at('empty'));
    await mkdir(at('hollow', 'class'), { recursive: true });
    await writeFile(at('text.md'), 'no pictures');
    await writePictures(at('cut'), 14);
    await writeFile(at('cut', 'red', '3.png'), (await readFile(at('cut', 'red', '3.png'))).subarray(0, 60));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('teaches with --help', async () => {
    const { status, stdout } = await run(['train', '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch('--augment');
    expect(stdout).toMatch('Examples:');
  });

  it.each([
    ['no folder', ['train'], 2, "missing required argument 'folder'"],
    ['no such option', ['train', 'pictures', '--bogus'], 2, "unknown option '--bogus'"],
    ['a network that is not there', ['train', 'pictures', '--network', 'vgg'], 2, 'Allowed choices are cnn'],
    ['a number out of range', ['train', 'pictures', '--epochs', '0'], 2, 'a whole number from 1 to 100000'],
    ['an augmentation that is not there', ['train', 'pictures', '--augment', 'spin'], 2, 'Choose from crop'],
    ['a share that is none', ['train', 'pictures', '--test', '1.5'], 1, 'test must be a share'],
    ['a path that is not there', ['train', 'nowhere'], 1, 'there is no file or folder'],
    ['an empty folder', ['train', 'empty'], 1, 'expected a folder for each class'],
    ['a class without pictures', ['train', 'hollow'], 1, 'expected .png, .jpg or .webp files'],
    ['a file of another kind', ['train', 'text.md'], 1, 'or a .csv table'],
    ['too few pictures', ['train', 'two'], 1, 'at least 3 pictures of each class, got 2'],
    ['a file that is cut', ['train', 'cut', ...quick], 1, '3.png'],
    [
      'a file in the place of the folder to write to',
      ['train', 'pictures', '--out', 'text.md'],
      1,
      'is a file',
    ],
    [
      'a size beside a network that has one',
      ['train', 'pictures', '--pretrained', 'text.md', '--size', '32'],
      1,
      'Leave size out',
    ],
    ['freezing nothing', ['train', 'pictures', '--freeze'], 1, 'freeze needs pretrained'],
    ['a pretrained file that is none', ['train', 'pictures', '--pretrained', 'text.md'], 1, 'safetensors'],
    ['a sample among photographs', ['sample', '--out', 'pictures'], 1, 'Choose another folder'],
    ['a classifier that is not there', ['predict', 'nowhere', 'pictures'], 1, 'cannot read the classifier'],
    ['a classifier that is none', ['predict', 'text.md', 'pictures'], 1, 'is no classifier'],
  ])('ends in one clear sentence on %s', async (_, argv, expected, sentence) => {
    const names = ['pictures', 'nowhere', 'empty', 'hollow', 'text.md', 'two', 'cut'];
    const out = at('never');
    const paths = argv.map((each) => (names.includes(each) ? at(each) : each));
    const told = argv[0] !== 'train' || argv.length === 1 || argv.includes('--out');
    const { status, stderr } = await run(told ? paths : [...paths, '--out', out]);
    expect(stderr).toContain(sentence);
    if (status === 1 && argv.includes('--out')) expect(stderr).not.toContain('looking at');
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(status).toBe(expected);
    await expect(readdir(out)).rejects.toThrow('ENOENT');
  });

  it('trains, reports, and predicts what it learned; the same for the same seed', async () => {
    const out = at('out');
    const first = await run(['train', at('pictures'), ...quick, '--out', out]);
    expect(first.stderr).not.toContain('tidecast-vision:');
    expect(first.status).toBe(0);
    expect((await readdir(out)).sort()).toEqual([
      'classifier.safetensors',
      'predictions.csv',
      'report.html',
      'scores.json',
    ]);
    const scores = JSON.parse(await readFile(join(out, 'scores.json'), 'utf8'));
    expect(scores).toMatchObject({ accuracy: 1, synthetic: false, classes: ['blue', 'red'] });
    const report = await readFile(join(out, 'report.html'), 'utf8');
    expect(report).toContain('Grad-CAM');
    expect(report).not.toMatch(/src="(?!data:)/);
    const [header, ...rows] = (await readFile(join(out, 'predictions.csv'), 'utf8')).trim().split('\n');
    expect(header).toBe('path,label,predicted,p(blue),p(red)');
    expect(rows).toHaveLength(4);

    const classifier = join(out, 'classifier.safetensors');
    const maps = at('maps');
    const said = await run(['predict', classifier, at('pictures', 'red'), '--json', '--heat-maps', maps]);
    expect(said.status).toBe(0);
    const answers = said.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers).toHaveLength(14);
    for (const { classes } of answers) expect(classes[0].name).toBe('red');
    expect(await readdir(maps)).toHaveLength(14);

    await mkdir(at('mixed', 'folder.png'), { recursive: true });
    for (const name of ['._red.png', 'red.png']) {
      await writeFile(at('mixed', name), await readFile(at('pictures', 'red', '0.png')));
    }
    const mixed = await run(['predict', classifier, at('mixed'), '--json']);
    expect(mixed.status).toBe(0);
    expect(mixed.stdout.trim().split('\n')).toHaveLength(1);

    const again = at('again');
    await run(['train', at('pictures'), ...quick, '--out', again]);
    const bytes = (where: string) => readFile(join(where, 'classifier.safetensors'));
    expect((await bytes(again)).equals(await bytes(out))).toBe(true);
  });

  it('names pictures that it cannot decode, or leaves them out where it is told to', async () => {
    const out = at('skipped');
    const { status } = await run(['train', at('cut'), ...quick, '--skip-bad', '--out', out]);
    expect(status).toBe(0);
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('1 pictures were left out');
    const said = await run(['predict', join(out, 'classifier.safetensors'), at('cut', 'red')]);
    expect(said.status).toBe(1);
    expect(said.stdout).toMatch(/3\.png: image: /);
    expect(said.stderr).toContain('1 of the pictures could not be decoded');
  });

  it('starts from a trained classifier, and leaves frozen layers as they are', async () => {
    const [out, next] = [at('source'), at('next')];
    await run(['train', at('pictures'), ...quick, '--out', out]);
    const pretrained = ['--pretrained', join(out, 'classifier.safetensors'), '--freeze'];
    const { status } = await run([
      'train',
      at('pictures'),
      ...quick,
      ...pretrained,
      '--seed',
      '2',
      '--out',
      next,
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(await readFile(join(next, 'scores.json'), 'utf8')).options.network).toBe('pretrained');
    const { decodeSafetensors } = await import('@tidecast/data');
    const [before, after] = await Promise.all(
      [out, next].map(
        async (where) => decodeSafetensors(await readFile(join(where, 'classifier.safetensors'))).tensors,
      ),
    );
    const names = Object.keys(before!);
    const head = names.at(-1)!.split('.').slice(0, 2).join('.');
    for (const name of names) {
      const same = before![name]!.data.every((value, i) => value === after![name]!.data[i]);
      expect(same, name).toBe(!name.startsWith(head));
    }
  });

  it.each([
    ['plain', 'path,label,group'],
    ['with blanks', 'path , label , group'],
    ['quoted, behind a byte order mark', '\ufeff"path","label","group"'],
  ])('reads a table with groups that stay together, its header %s', async (_, header) => {
    const rows = ['blue', 'red'].flatMap((name) =>
      Array.from({ length: 14 }, (_, n) => `pictures/${name}/${n}.png,${name},${name}${n >> 1}`),
    );
    await writeFile(at('list.csv'), `${header}\n${rows.join('\n')}\n`);
    const out = at('grouped');
    const { status } = await run(['train', at('list.csv'), ...quick, '--out', out]);
    expect(status).toBe(0);
    const lines = (await readFile(join(out, 'predictions.csv'), 'utf8')).trim().split('\n').slice(1);
    const groups = lines.map((line) => {
      const [, name, n] = /(blue|red)[\\/](\d+)\.png/.exec(line)!;
      return `${name}${Number(n) >> 1}`;
    });
    for (const group of new Set(groups)) expect(groups.filter((each) => each === group)).toHaveLength(2);
  });

  it('trains mobilenet on small pictures where the last batch holds one', async () => {
    const out = at('mobile');
    const options = ['--network', 'mobilenet', '--epochs', '1', '--batch-size', '19'];
    const { status, stderr } = await run(['train', at('pictures'), ...options, '--out', out]);
    expect(stderr).not.toContain('batchNorm');
    expect(status).toBe(0);
    const { counts } = JSON.parse(await readFile(join(out, 'scores.json'), 'utf8'));
    expect(counts.train).toEqual([10, 10]);
  });

  it('shows where a class was seen also by networks without maps', async () => {
    const layers = [flatten(), dense({ units: 4 }), batchNorm({ activation: 'relu' }), dense({ units: 2 })];
    const model = createModel(network({ input: [12, 12, 3], layers }), { seed: 1 });
    const bytes = saveImageClassifier(createImageClassifier({ model, classes: ['blue', 'red'] }));
    model.dispose();
    await writeFile(at('flat.safetensors'), bytes);
    const maps = at('flat-maps');
    const pictures = at('pictures', 'red', '0.png');
    expect((await run(['predict', at('flat.safetensors'), pictures, '--heat-maps', maps])).status).toBe(0);
    expect(await readdir(maps)).toEqual(['0001-0.png']);
  });

  it('counts classes in their own order, also where their names are numbers', async () => {
    for (const [name, from, count] of [
      ['10', 'red', 14],
      ['2', 'blue', 6],
    ] as const) {
      await mkdir(at('numbers', name), { recursive: true });
      for (let n = 0; n < count; n++) {
        await writeFile(at('numbers', name, `${n}.png`), await readFile(at('pictures', from, `${n}.png`)));
      }
    }
    const out = at('numbered');
    expect((await run(['train', at('numbers'), ...quick, '--out', out])).status).toBe(0);
    const { classes, counts } = JSON.parse(await readFile(join(out, 'scores.json'), 'utf8'));
    expect(classes).toEqual(['10', '2']);
    expect(counts.train[0] + counts.validation[0] + counts.test[0]).toBe(14);
    expect(counts.train[1] + counts.validation[1] + counts.test[1]).toBe(6);
  });

  it('stops when it is told to, goes on from its checkpoint, and ends as if it had not stopped', async () => {
    const whole = at('whole');
    const options = [at('pictures'), ...quick, '--network', 'mlp'];
    await run(['train', ...options, '--out', whole]);
    const controller = new AbortController();
    let epochs = 0;
    const stderr = {
      write: (text: string) => {
        if (text.includes('epoch 2/4')) controller.abort(new Error('enough'));
        epochs++;
      },
    };
    const kept = [...options, '--checkpoints', at('kept'), '--out', at('resumed')];
    const io = { stdout: { write() {} }, stderr, signal: controller.signal };
    expect(await main(['train', ...kept], io)).toBe(130);
    expect(epochs).toBeGreaterThan(0);
    await expect(readdir(at('resumed'))).rejects.toThrow('ENOENT');
    const resumed = await run(['train', ...kept]);
    expect(resumed.status).toBe(0);
    expect(resumed.stderr).not.toContain('epoch 1/4');
    const bytes = (where: string) => readFile(join(where, 'classifier.safetensors'));
    expect((await bytes(at('resumed'))).equals(await bytes(whole))).toBe(true);

    const [checkpoint] = await readdir(at('kept'));
    await writeFile(at('kept', checkpoint!), 'damaged');
    const damaged = await run(['train', ...kept]);
    expect(damaged.status).toBe(1);
    expect(damaged.stderr).toContain(`${at('kept', checkpoint!)}; remove that to start anew`);
  });

  it('draws a sample that says that it is one', async () => {
    const out = at('sample');
    const { stdout } = await run(['sample', '--per-class', '4', '--out', out]);
    expect(stdout).toContain('Synthetic sample (drawn, not photographed): 12 pictures');
    expect((await readdir(out)).sort()).toEqual(['SYNTHETIC.txt', 'bird', 'boat', 'buoy']);
    const trained = await run([
      'train',
      out,
      '--epochs',
      '1',
      '--test',
      '0.25',
      '--validation',
      '0.25',
      '--out',
      at('s'),
    ]);
    expect(trained.stdout).toContain('SYNTHETIC sample');
    expect(await readFile(at('s', 'report.html'), 'utf8')).toContain('SYNTHETIC');
  });
});
