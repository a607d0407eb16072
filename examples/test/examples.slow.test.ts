// Every example runs from end to end in its short form; whether its figures are good is shown by its full run.

import { useBackend } from '@tidecast/backend';
import { chartSvg } from '@tidecast/eval/report';
import { beforeAll, expect, test } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../test/shared-data.ts';
import { examples } from '../src/examples.ts';

beforeAll(() => useBackend('wasm'));

for (const [name, example] of Object.entries(examples)) {
  const skipped = example.needsData === true && !hasSharedData;
  test.skipIf(skipped)(
    `${name} runs and draws its charts${example.needsData ? needsSharedData : ''}`,
    async () => {
      const { claims, rows, charts } = await example.run({
        seeds: 1,
        quick: true,
        data: sharedData(''),
        progress: () => {},
        signal: new AbortController().signal,
      });
      expect(claims.length).toBeGreaterThan(0);
      expect(rows.length).toBeGreaterThan(0);
      expect(charts.map((chart) => chart.name)).toContain(name);
      for (const { figure } of claims) expect(figure).not.toMatch(/NaN|undefined|Infinity/);
      for (const { spec } of charts) expect((await chartSvg(spec)).html).toContain('<svg');
    },
  );
}
