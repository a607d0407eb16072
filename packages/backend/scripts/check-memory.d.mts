/** @throws if a WebAssembly binary brings memory or data of its own. */
export function checkMemory(name: string, binary: Uint8Array): void;
