// Node's module hooks for the sources: take the types out of `.ts` files, and find tfjs-core's own modules, which
// import each other without file extensions. What one worker has translated, the later ones of this process read, so
// that they start without loading the compiler.

import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Removed by {@link file://./workers.ts} after the tests. Processes that tests start use that of the tests. */
const cache = process.env.TIDECAST_TYPESCRIPT_CACHE ?? join(tmpdir(), `tidecast-typescript-${process.pid}`);

async function translate(source, fileName) {
  const { default: typescript } = await import('typescript');
  const { outputText } = typescript.transpileModule(source, {
    fileName,
    compilerOptions: {
      module: typescript.ModuleKind.ESNext,
      target: typescript.ScriptTarget.ES2022,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
    },
  });
  return outputText;
}

async function translated(fileName) {
  const source = await readFile(fileName, 'utf8');
  const path = join(cache, createHash('sha256').update(fileName).update(source).digest('hex'));
  try {
    return await readFile(path, 'utf8');
  } catch {
    const output = await translate(source, fileName);
    await mkdir(cache, { recursive: true });
    const temporary = `${path}.${randomUUID()}`;
    await writeFile(temporary, output);
    await rename(temporary, path);
    return output;
  }
}

export async function resolve(specifier, context, nextResolve) {
  const inside = specifier.startsWith('.') && /\/tfjs-core\/dist\//.test(context.parentURL ?? '');
  if (!inside && !specifier.startsWith('@tensorflow/tfjs-core/dist/')) return nextResolve(specifier, context);
  return nextResolve(specifier.endsWith('.js') ? specifier : `${specifier}.js`, context);
}

export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  return { format: 'module', source: await translated(fileURLToPath(url)), shortCircuit: true };
}
