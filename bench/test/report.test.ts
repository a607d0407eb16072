import { describe, expect, it } from 'vitest';
import { growthChart, growthPoints } from '../src/growth.ts';
import { findPython } from '../src/peers.ts';
import { insertResults, type Results, reportText } from '../src/report.ts';

const results: Results = {
  machine: {
    measure: 'machine',
    cpu: 'a processor',
    cores: 2,
    memoryGb: 8,
    platform: 'linux x64',
    node: '20.19.0',
    date: '2026-01-01',
    core: 1,
    peers: { tidecast: 'Node 20' },
  },
  absent: { keras: 'no Python' },
  points: [
    { peer: 'tidecast', cell: 'lstm', units: 100, batch: 128, steps: 9, ms: 10 },
    { peer: 'pytorch', cell: 'lstm', units: 100, batch: 128, steps: 9, ms: 20 },
  ],
  failures: [
    { peer: 'tidecast', cell: 'cnn2d', units: 24, batch: 64, error: 'no layers' },
    { peer: 'tidecast', cell: 'cnn2d', units: 24, batch: 32, error: 'no layers' },
  ],
  disturbed: [],
  growth: [],
  extras: [
    { measure: 'gemm', peer: 'tidecast', gflops: 40, lstmGflops: 30 },
    { measure: 'contest', peer: 'pytorch', jobs: 96, windows: 10, epochs: 1, seconds: 30, loss: 1 },
    { measure: 'contest', peer: 'tidecast', jobs: 96, windows: 10, epochs: 1, seconds: 10, loss: 1 },
  ],
};

describe('reportText', () => {
  const text = reportText(results);
  it('names who is absent and why, once', () => {
    expect(text).toContain('- absent: keras – no Python');
    expect(text.match(/no layers/g)).toHaveLength(1);
  });
  it('holds ratios, shares and the contest', () => {
    expect(text).toContain('| lstm | 2.00× |');
    expect(text).toContain('| tidecast | 40.0 | 30.0 | 75 % |');
    expect(text).toContain('| tidecast | 10.0 | 1.00 | 3.00× |');
  });
  it('leaves out what was not measured', () => {
    expect(text).not.toMatch(/latency|growth\.svg|Forecast of one window/);
  });
});

describe('insertResults', () => {
  it('replaces what is between the markers, and only that', () => {
    const readme = 'before\n<!-- results:start -->\nold\n<!-- results:end -->\nafter\n';
    const once = insertResults(readme, 'new')!;
    expect(once).toBe('before\n<!-- results:start -->\n\nnew\n\n<!-- results:end -->\nafter\n');
    expect(insertResults(once, 'new')).toBe(once);
    expect(insertResults('no markers', 'new')).toBeUndefined();
  });
});

describe('growth', () => {
  it('varies one size at a time, and each line of the plot goes through the centre', () => {
    const points = growthPoints();
    expect(points).toHaveLength(4 * 16);
    const measured = points.map((point) => ({ ...point, peer: 'tidecast' as const, steps: 1, ms: 1 }));
    const { hconcat } = growthChart(measured) as {
      hconcat: { data: { values: { cell: string; size: number }[] } }[];
    };
    const sizes = hconcat.map(({ data }) =>
      data.values.filter(({ cell }) => cell === 'gru').map(({ size }) => size),
    );
    expect(sizes.map((each) => [...each].sort((a, b) => a - b))).toEqual([
      [6, 12, 24, 48, 96, 200],
      [5, 10, 20, 50, 100, 200],
      [8, 16, 32, 64, 128, 256],
    ]);
  });
});

describe('findPython', () => {
  it('says what is missing', () => {
    const before = process.env.TIDECAST_BENCH_PYTHON;
    process.env.TIDECAST_BENCH_PYTHON = '/nowhere/python3';
    try {
      expect(findPython(['torch'])).toEqual({
        absent: expect.stringContaining("'/nowhere/python3' does not run"),
      });
    } finally {
      if (before === undefined) delete process.env.TIDECAST_BENCH_PYTHON;
      else process.env.TIDECAST_BENCH_PYTHON = before;
    }
  });
});
