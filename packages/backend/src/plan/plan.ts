// A planned run: the forward, loss, backward and update of a network as a fixed list of kernel calls over one arena.
// Layers lay their blocks and steps out once; running the plan then dispatches and allocates nothing.

import type { CurrentKernels } from '../kernels/current-kernels.ts';
import type { Kernels } from '../kernels/load-kernels.ts';

/** Floats in the arena. */
export interface Block {
  readonly length: number;
  /** Address in bytes, a multiple of 16; set when the plan is laid out, and by whoever lends the block another place. */
  address: number;
}

/** What a run is told: how many examples stand in the blocks, and the seed of its random choices. */
export interface Run {
  batch: number;
  seed: number;
}

/** One call of a kernel (or a loop over a block). */
export type Step = (run: Run) => void;

/** A value on its way through the network: `[B, ...shape]`. */
export interface Signal {
  value: Block;
  /** Shape of one example. */
  shape: readonly number[];
  /** Where the gradient by the value goes: whoever reads the value writes all of it. Absent where none is wanted. */
  gradient?: Block;
  /** `[B, T]`: 1 where a step is real, 0 where it is padding. */
  mask?: Block;
}

/** A weight, and where its gradient goes while training. */
export interface PlannedWeight {
  value: Block;
  gradient?: Block;
}

/** A plan while it is laid out. */
export interface PlanBuilder {
  readonly kernels: Kernels;
  /** The most examples a run may have. */
  readonly batch: number;
  readonly training: boolean;
  /** A new block; what it holds is undefined before the first step that writes it. */
  block(floats: number): Block;
  /** A part of a block, from float `start`; a multiple of 4 keeps it on whole vectors. */
  slice(of: Block, start: number, floats: number): Block;
  /** A signal of the given shape per example, with a gradient while training. */
  signal(shape: readonly number[], mask?: Block): Signal;
  /** Room of at least that size that every step may use, and none keeps. */
  scratch(floats: number): Block;
  /** A step of the forward run, after those before it. */
  forward(step: Step): void;
  /** A step of the backward run, before those of earlier layers. */
  backward(step: Step): void;
  /** A view of a block's first floats. It is stale once anything has allocated: take it, use it, drop it. */
  view(block: Block, floats?: number): Float32Array;
}

/** A laid out plan. */
export interface Plan {
  runForward(run: Run): void;
  runBackward(run: Run): void;
  /**
   * Puts examples into the plan's input: 0 at masked steps, whatever stands there, and all steps real where the input
   * has room for a mask and none is given.
   */
  feed(input: Signal, x: Float32Array, mask?: Float32Array): void;
  view(block: Block, floats?: number): Float32Array;
  dispose(): void;
}

const ALIGNMENT = 16;

/** Starts a plan for up to `batch` examples a run. `lay` gives all blocks their place, and the plan that runs. */
export function createPlan(
  { kernels, memory, allocate, release }: CurrentKernels,
  { batch, training }: { batch: number; training: boolean },
): PlanBuilder & { lay(): Plan } {
  const blocks: Block[] = [];
  const slices: { part: Block; of: Block; start: number }[] = [];
  const scratch: { length: number; address: number } = { length: 0, address: 0 };
  const forward: Step[] = [];
  const backward: Step[] = [];
  const block = (floats: number): Block => {
    const made = { length: floats, address: 0 };
    blocks.push(made);
    return made;
  };
  const view = (of: Block, floats = of.length) => new Float32Array(memory.buffer, of.address, floats);
  return {
    kernels,
    batch,
    training,
    block,
    slice(of, start, floats) {
      const part = { length: floats, address: 0 };
      slices.push({ part, of, start });
      return part;
    },
    signal(shape, mask) {
      const floats = batch * shape.reduce((product, size) => product * size, 1);
      return {
        value: block(floats),
        shape,
        ...(training && { gradient: block(floats) }),
        ...(mask && { mask }),
      };
    },
    scratch(floats) {
      scratch.length = Math.max(scratch.length, floats);
      return scratch;
    },
    forward: (step) => void forward.push(step),
    backward: (step) => void backward.unshift(step),
    view,
    lay() {
      // Kernels read and write whole vectors, so every block has room for one more.
      const bytes = (floats: number) => (Math.ceil((floats * 4) / ALIGNMENT) + 1) * ALIGNMENT;
      const total = [...blocks, scratch].reduce((sum, { length }) => sum + bytes(length), 0);
      const arena = allocate(total + ALIGNMENT);
      let next = Math.ceil(arena / ALIGNMENT) * ALIGNMENT;
      for (const each of [...blocks, scratch]) {
        each.address = next;
        next += bytes(each.length);
      }
      for (const { part, of, start } of slices) part.address = of.address + 4 * start;
      let disposed = false;
      return {
        runForward(run) {
          for (let i = 0; i < forward.length; i++) forward[i]!(run);
        },
        runBackward(run) {
          for (let i = 0; i < backward.length; i++) backward[i]!(run);
        },
        feed(input, x, mask) {
          const values = view(input.value, x.length);
          values.set(x);
          if (!input.mask) return;
          if (!mask) {
            view(input.mask).fill(1);
            return;
          }
          view(input.mask, mask.length).set(mask);
          const channels = x.length / mask.length;
          for (let i = 0; i < mask.length; i++) {
            if (mask[i]! < 0.5) values.fill(0, i * channels, (i + 1) * channels);
          }
        },
        view,
        dispose() {
          if (!disposed) release(arena);
          disposed = true;
        },
      };
    },
  };
}
