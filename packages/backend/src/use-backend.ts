import { startWasm } from './tfjs/wasm.ts';

export async function useBackend(
  _name: 'wasm' | 'native' | 'auto' = 'auto',
): Promise<{ name: 'wasm' | 'native' }> {
  await startWasm();
  return { name: 'wasm' };
}
