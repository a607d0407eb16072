// Training is one long computation. It lets go of the thread now and then, so that pages stay alive and aborts arrive.

/** Longest time [ms] between two breaths. */
const LONGEST = 40;

/** `setImmediate` where there is one (Node), which costs microseconds; browsers have only timers. */
const immediate = (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate;

/** Lets other tasks run once, such as those that go on with what other threads have done meanwhile. */
export function letOthersRun(): Promise<void> {
  return new Promise((resolve) => (immediate ? immediate(resolve) : setTimeout(resolve, 0)));
}

/** A function to await between two pieces of work: it lets other tasks run if the last time was long ago. */
export function createBreather(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < LONGEST) return;
    await letOthersRun();
    last = performance.now();
  };
}
