import { defineConfig } from 'vitest/config';

const shared = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
};
const tests = [
  'packages/*/test/**/*.test.ts',
  'apps/*/test/**/*.test.ts',
  'bench/test/**/*.test.ts',
  'examples/test/**/*.test.ts',
  'scripts/test/**/*.test.ts',
];
const slow = ['**/*.slow.test.ts'];
// Relaxed SIMD came without a flag after Node 20, and newer ones refuse to start with the flag.
const relaxedSimd = process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : [];

export default defineConfig({
  // Tests run on the sources of every workspace package, without a build.
  resolve: { conditions: ['@tidecast/source'] },
  ssr: { resolve: { conditions: ['@tidecast/source'] } },
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { ...shared, name: 'unit', include: tests, exclude: [...slow, '**/node_modules/**'] },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'slow',
          testTimeout: 600_000,
          include: tests.map((glob) => glob.replace('.test.ts', '.slow.test.ts')),
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'native',
          testTimeout: 120_000,
          env: { TIDECAST_BACKEND: 'native' },
          include: [
            'packages/{backend,models,train}/test/**/*.test.ts',
            'packages/vision/test/{insight,networks,transfer,classifier}/**/*.test.ts',
          ],
          exclude: [...slow, '**/node_modules/**'],
        },
      },
      {
        extends: true,
        test: {
          ...shared,
          name: 'relaxed',
          env: { TIDECAST_KERNELS: 'relaxed' },
          execArgv: relaxedSimd,
          include: ['packages/backend/test/kernels/**/*.test.ts'],
        },
      },
    ],
  },
});
