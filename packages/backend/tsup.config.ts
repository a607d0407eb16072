import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tfjs from '@tensorflow/tfjs-core';
import { defineConfig, type Options } from 'tsup';
import { packageBuild } from '../../tsup.base.ts';

type Plugin = NonNullable<Options['esbuildPlugins']>[number];

/**
 * Bundles tfjs-core's gradient module without a second copy of tfjs-core. A file of tfjs-core that holds state, or
 * whose exports are all public, becomes a re-export from the package; the engine becomes the running one. What
 * remains are the gradients and a few private helpers. A private export of a file with state fails the build.
 */
const gradients: Plugin = {
  name: 'gradients',
  setup(build) {
    build.onLoad({ filter: /tfjs-core[\\/]dist[\\/].*\.js$/ }, async ({ path }) => {
      const file = path.split(/[\\/]tfjs-core[\\/]dist[\\/]/).at(-1)!;
      if (file === 'engine.js') {
        return {
          contents: "import { engine } from '@tensorflow/tfjs-core';\nexport const ENGINE = engine();",
        };
      }
      if (file === 'base.js') return { contents: "export * from '@tensorflow/tfjs-core';" };
      if (file === 'kernel_names.js') return undefined;
      const source = await readFile(path, 'utf8');
      const names = [...source.matchAll(/^export (?:const|let|function|class) (\w+)/gm)].map(
        (match) => match[1]!,
      );
      const open = names.filter((name) => name in tfjs);
      const stateful = ['environment.js', 'kernel_registry.js', 'tensor.js'].includes(file);
      const tensorClass =
        file === 'tensor.js'
          ? '\nimport { Tensor } from "@tensorflow/tfjs-core";\nexport const getGlobalTensorClass = () => Tensor;'
          : '';
      const replace =
        stateful || (open.length === names.length && open.length > 0 && !/^export [{*]/m.test(source));
      return replace
        ? { contents: `export { ${open.join(', ')} } from '@tensorflow/tfjs-core';${tensorClass}` }
        : undefined;
    });
  },
};

const wasmFolder = join(
  dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json')),
  'dist',
);

/** Puts the WASM binaries into dist, and their addresses in wasm-files.ts beside the built module. */
const wasmFiles: Plugin = {
  name: 'wasm-files',
  setup(build) {
    const names = new Set<string>();
    build.onLoad({ filter: /[\\/]wasm-files\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replaceAll(
        /'[^']*\/tfjs-backend-wasm\/dist\/([\w-]+\.wasm)'/g,
        (_, name: string) => {
          names.add(name);
          return `'./${name}'`;
        },
      );
      return { contents, loader: 'ts' };
    });
    build.onEnd(async () => {
      const folder = build.initialOptions.outdir!;
      await mkdir(folder, { recursive: true });
      for (const name of names) await copyFile(join(wasmFolder, name), join(folder, name));
    });
  },
};

const shared = packageBuild(['src/index.ts']);

export default defineConfig({
  ...shared,
  // tsup's second pass would only warn of re-exported names that are not used.
  treeshake: false,
  noExternal: [/^@tensorflow\/tfjs-core\/dist\//],
  esbuildPlugins: [gradients, wasmFiles],
});
