import { defineConfig } from 'vite';

// The workspace's sources, without a build of the packages before.
export default defineConfig({
  base: './',
  resolve: { conditions: ['@tidecast/source', 'browser', 'module', 'import'] },
});
