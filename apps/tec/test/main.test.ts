import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import { main, writeSample } from '../src/index.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tec-main-'));
  await writeSample(join(folder, 'sample'), { days: 12, seed: 5 });
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs the program and hands back its exit status and what it wrote. */
async function run(...argv: string[]) {
  const text = { stdout: '', stderr: '' };
  const out = (name: 'stdout' | 'stderr') => ({
    write: (part: string) => {
      text[name] += part;
    },
  });
  const status = await main(argv, { stdout: out('stdout'), stderr: out('stderr') });
  return { status, ...text };
}

describe('tidecast-tec', () => {
  setUpBackend();

  it('teaches with --help', async () => {
    const { status, stdout } = await run('forecast', '--help');
    expect(status).toBe(0);
    expect(stdout).toMatch('--gim');
    expect(stdout).toMatch('Examples:');
  });

  it.each([
    ['no such option', ['forecast', '--bogus'], 2, "unknown option '--bogus'"],
    ['a model that is not there', ['forecast', '--models', 'foo'], 2, 'Choose from cnn, lstm, gru'],
    ['a number out of range', ['forecast', '--steps', '0'], 2, 'must be a whole number from 2 to 1000'],
    [
      'a path that is not there',
      ['forecast', '--gim', '/nowhere'],
      1,
      "there is no file or folder '/nowhere'",
    ],
    ['an empty folder', ['forecast', '--gim', 'EMPTY'], 1, 'holds no IONEX files'],
    ['a file of another kind', ['forecast', '--gim', 'TEXT'], 1, 'IONEX VERSION / TYPE'],
    [
      'both kinds of input',
      ['forecast', '--gim', 'SAMPLE', '--csv', 'TEXT'],
      1,
      'either GIM files or CSV files',
    ],
    ['an index that is none', ['forecast', '--gim', 'SAMPLE', '--index', 'TEXT'], 1, 'TEXT'],
    ['too little data', ['forecast', '--gim', 'DAY'], 1, 'too little data'],
    [
      'a step that does not fit',
      ['forecast', '--gim', 'SAMPLE', '--step', '3h'],
      1,
      'does not fit --step 3h',
    ],
    ['a wrong station', ['forecast', '--gim', 'SAMPLE', '--stations', 'A,99,0'], 1, "latitude of 'A'"],
    ['a study without data', ['study', '--vtec', 'EMPTY'], 1, 'found none'],
  ])('ends in one clear sentence on %s', async (_, argv, expected, sentence) => {
    const { mkdir } = await import('node:fs/promises');
    const paths: Record<string, string> = {
      EMPTY: join(folder, 'empty'),
      TEXT: join(folder, 'TEXT'),
      SAMPLE: join(folder, 'sample'),
      DAY: join(folder, 'sample', 'synt0150.35i.gz'),
    };
    await mkdir(paths.EMPTY!, { recursive: true });
    await writeFile(paths.TEXT!, 'neither maps nor an index\n');
    const result = await run(
      ...argv.map((each) => paths[each] ?? each),
      ...(argv[0] === 'forecast' ? ['--out', join(folder, 'refused')] : []),
    );
    expect(result.status).toBe(expected);
    expect(result.stderr).toMatch(sentence);
    expect(result.stderr).not.toMatch(/\n\s+at /);
    expect(result.stdout).toBe('');
    expect(await readdir(folder)).not.toContain('refused');
  });

  it('forecasts from files to a report, the same for the same seed', async () => {
    const sample = join(folder, 'sample');
    const once = async (out: string) => {
      const result = await run(
        ...[
          'forecast',
          '--gim',
          sample,
          '--index',
          join(sample, 'kp_synthetic.txt'),
          '--out',
          join(folder, out),
        ],
        ...[
          '--stations',
          'A,50,0;B,-20,120',
          '--models',
          'cnn,gru',
          '--epochs',
          '2',
          '--units',
          '4',
          '--backend',
          'wasm',
        ],
      );
      expect(result.stderr).not.toMatch('tidecast-tec:');
      expect(result.status).toBe(0);
      return JSON.parse(await readFile(join(folder, out, 'forecast.json'), 'utf8'));
    };
    const first = await once('first');
    expect((await readdir(join(folder, 'first'))).sort()).toEqual([
      'cnn.safetensors',
      'forecast.csv',
      'forecast.json',
      'gru.safetensors',
      'report.html',
    ]);
    // Twelve days from 2035-01-15: the last map is that of 24:00 on the 26th.
    expect(first.origin).toBe('2035-01-27T00:00:00.000Z');
    expect(first.times).toHaveLength(12);
    expect(first.times[0]).toBe('2035-01-27T02:00:00.000Z');
    for (const { forecast } of first.stations) {
      for (const method of ['cnn', 'gru', 'persistence', 'ridge']) {
        expect(forecast[method]).toHaveLength(12);
        for (const value of forecast[method]) expect(value).toBeGreaterThan(-20);
      }
    }
    const html = await readFile(join(folder, 'first', 'report.html'), 'utf8');
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
    const second = await once('second');
    expect(second.stations).toEqual(first.stations);
    expect(second.scores).toEqual(first.scores);
  });
});
