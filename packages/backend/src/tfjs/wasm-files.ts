// Where the WASM binaries are when no one says. Bundlers recognise `new URL('…', import.meta.url)` and copy the file;
// without a bundler the address is right as it stands. The build copies the binaries beside this module's output and
// shortens the addresses (see tsup.config.ts).

/** Addresses of the two builds for one thread; tfjs takes SIMD where the page can run it. */
export function wasmFiles() {
  return {
    'tfjs-backend-wasm.wasm': new URL(
      '../../node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm',
      import.meta.url,
    ).href,
    'tfjs-backend-wasm-simd.wasm': new URL(
      '../../node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
      import.meta.url,
    ).href,
  };
}
