import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.base.ts';

export default defineConfig({
  ...packageBuild([]),
  // The worker's file lands beside node.js, where the executor looks for it.
  entry: {
    index: 'src/index.ts',
    node: 'src/node.ts',
    'worker-executor-worker': 'src/node/worker-executor-worker.ts',
    bullmq: 'src/node/bullmq.ts',
    'tidecast-worker': 'src/node/bullmq/tidecast-worker.ts',
  },
});
