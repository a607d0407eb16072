import { defineConfig } from 'tsup';
import { packageBuild } from '../tsup.base.ts';

export default defineConfig({
  ...packageBuild([
    'src/bench.ts',
    'src/image-memory.ts',
    'src/mnist.ts',
    'src/peers/tidecast.ts',
    'src/peers/tfjs-layers.ts',
    'src/contest/job.ts',
  ]),
  dts: false,
});
