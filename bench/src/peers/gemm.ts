// The rate of Tidecast's packed matrix product, packing both operands included.

import type { CurrentKernels } from '@tidecast/backend';
import type { GemmAnswer, GemmRequest } from '../protocol.ts';

/** Best of some repeats: what the kernel can do while nobody disturbs it. */
const REPEATS = 15;

export function measureGemm(
  { kernels, memory, allocate, release }: CurrentKernels,
  { m, n, k }: Pick<GemmRequest, 'm' | 'n' | 'k'>,
): GemmAnswer {
  const addresses: number[] = [];
  const room = (floats: number) => {
    const address = allocate(4 * floats);
    addresses.push(address);
    new Float32Array(memory.buffer, address, floats).fill(0.5);
    return address;
  };
  try {
    const [a, b, c] = [room(m * k), room(k * n), room(m * n)];
    const scratch = room(kernels.gemmScratch(m, n, k));
    const run = () => kernels.gemm(m, n, k, a, k, false, b, n, false, c, n, false, scratch);
    const flops = 2 * m * n * k;
    const each = Math.max(1, Math.round(2e8 / flops));
    let best = Number.POSITIVE_INFINITY;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const started = performance.now();
      for (let i = 0; i < each; i++) run();
      best = Math.min(best, (performance.now() - started) / each);
    }
    return { gflops: flops / best / 1e6 };
  } finally {
    for (const address of addresses) release(address);
  }
}
