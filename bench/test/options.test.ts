import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError } from '../src/options.ts';
import { PEERS } from '../src/peers.ts';

function refusal(...argv: string[]): UsageError {
  try {
    parseOptions(argv);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was taken`);
}

describe('parseOptions', () => {
  it('takes everything without arguments: 96 points of the grid, the images, the contest', () => {
    const options = parseOptions([]);
    expect(options).toMatchObject({ full: true, contest: true, json: false, rounds: 3, seconds: 0.3 });
    expect(options.peers).toEqual([...PEERS]);
    expect(options.points).toHaveLength(97);
    expect(options.points.at(-1)).toEqual({ cell: 'cnn2d', units: 24, batch: 64 });
  });

  it('takes one point for one peer', () => {
    const options = parseOptions('--peer tidecast --cell lstm --units 50 --batch 32 --json'.split(' '));
    expect(options).toMatchObject({
      peers: ['tidecast'],
      peersNamed: true,
      full: false,
      contest: false,
      json: true,
      points: [{ cell: 'lstm', units: 50, batch: 32 }],
    });
  });

  it('takes lists repeated and with commas', () => {
    const argv = '--cell lstm,gru --cell rnn --units 5,10 --batch 16 --length 48 --peer jax --peer pytorch';
    const { points, peers } = parseOptions(argv.split(' '));
    expect(peers).toEqual(['jax', 'pytorch']);
    expect(points).toHaveLength(6);
    expect(points[3]).toEqual({ cell: 'gru', units: 10, batch: 16, T: 48 });
  });

  it('knows that the image network has one size of units', () => {
    expect(parseOptions(['--cell', 'cnn2d']).points).toEqual([{ cell: 'cnn2d', units: 24, batch: 64 }]);
    expect(parseOptions(['--cell', 'cnn2d', '--units', '5,10', '--batch', '8']).points).toEqual([
      { cell: 'cnn2d', units: 24, batch: 8 },
    ]);
  });

  it('takes eight points for --quick and none for --contest', () => {
    expect(parseOptions(['--quick']).points).toHaveLength(8);
    expect(parseOptions(['--contest'])).toMatchObject({ points: [], contest: true, full: false });
  });

  it.each([
    [['--peer', 'theano'], /--peer.*theano.*tidecast/],
    [['--cell', 'lstm,foo'], /Choose from rnn, lstm/],
    [['--units', '0'], /whole number from 1 to 1024/],
    [['--units', '5x'], /whole number/],
    [['--batch', '16,'], /whole number/],
    [['--seconds', '-1'], /number of seconds/],
    [['--rounds', '1.5'], /whole number/],
    [['--frobnicate'], /unknown option '--frobnicate'/],
    [['lstm'], /too many arguments/],
  ])('refuses %j in one sentence, status 2', (argv, message) => {
    const error = refusal(...argv);
    expect(error.status).toBe(2);
    expect(error.message).toMatch(message);
    expect(error.message.trim().split('\n')).toHaveLength(1);
  });

  it('prints help with status 0', () => {
    const error = refusal('--help');
    expect(error.status).toBe(0);
    expect(error.message).toContain('--peer');
  });
});
