// Where the WASM binaries are when no one says. Bundlers recognise `new URL('…', import.meta.url)` and copy the file;
// without a bundler the address is right as it stands. The build copies the binaries beside this module's output and
// shortens the addresses (see tsup.config.ts).

const plain = () =>
  new URL('../../node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm', import.meta.url);

const simd = () =>
  new URL(
    '../../node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
    import.meta.url,
  );

/** Addresses of the two builds for one thread; tfjs takes SIMD where the page can run it. */
export function wasmFiles() {
  return {
    'tfjs-backend-wasm.wasm': outOfDependencyCache(plain()),
    'tfjs-backend-wasm-simd.wasm': outOfDependencyCache(simd()),
  };
}

/**
 * While developing, Vite 5 to 7 copy this module into `node_modules/.vite/deps`, but not the files beside it. Vite 8
 * corrects the addresses itself.
 */
function outOfDependencyCache({ href }: URL): string {
  return href.replace('/node_modules/.vite/deps/', '/node_modules/@tidecast/backend/dist/');
}
