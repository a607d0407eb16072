#!/usr/bin/env node
// The executable.

import { runInProcess } from '@tidecast/program';
import { main } from './main.ts';

await runInProcess(main);
