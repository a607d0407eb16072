// Preloaded by the worker threads of the tests (see workers.ts), so that they run the TypeScript sources.

import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
