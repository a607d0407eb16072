import type { Options } from 'tsup';

/** The build every package shares: ESM and type declarations from the given entry files. */
export function packageBuild(entry: string[]): Options {
  return {
    entry,
    format: ['esm'],
    dts: true,
    // What only the workspace has is built in; its types may not be part of what a package exports.
    noExternal: ['@tidecast/program'],
    clean: true,
    sourcemap: true,
    splitting: true,
    treeshake: true,
    target: 'es2022',
    platform: 'neutral',
    external: [/^node:/],
  };
}
