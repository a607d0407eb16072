// A producer in a process of its own, for the test that kills it: `producer.ts <redis> <queue> <run id> <log> <count>`.

import { createBullmqExecutor } from '../../src/node/bullmq.ts';

const [redis, queue, runId, file, count] = process.argv.slice(2) as [string, string, string, string, string];
const executor = createBullmqExecutor<{ file: string; ms: number }, number>({ redis, queue, runId });
const jobs = Array.from({ length: Number(count) }, (_, i) => ({ id: `job-${i}`, input: { file, ms: 100 } }));
await executor.run(jobs, { onResult: ({ id }) => void process.stdout.write(`${id}\n`) });
await executor.close();
