import * as fc from 'fast-check';
import { it } from 'vitest';
import { windows } from '../../src/index.ts';
import { anyCase } from './cases.ts';

it('stats', () => {
  let n = 0;
  const Ts: Record<string, number> = {};
  for (const { series, spec } of fc.sample(anyCase, 1000)) {
    try {
      const w = windows(series, spec);
      if (!w.count && !w.dropped) {
        const T = series.values.length / 4;
        Ts[T] = (Ts[T] ?? 0) + 1;
        if (T > 20 && n++ < 5) console.log(T, JSON.stringify(spec), series.values.slice(0, 12), series.start);
      }
    } catch {}
  }
  console.log(Ts);
});
