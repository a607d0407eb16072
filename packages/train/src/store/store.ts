// Where bytes are kept between one run of a program and the next: checkpoints of trials, members of an ensemble.

/** Bytes by name. */
export interface Store {
  /** Undefined where there are none. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Replaces what there is, whole or not at all. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Does nothing where there are none. */
  remove(name: string): Promise<void>;
}

/** A store that lasts as long as the program. */
export function memoryStore(): Store {
  const kept = new Map<string, Uint8Array>();
  return {
    read: async (name) => kept.get(name),
    write: async (name, bytes) => void kept.set(name, bytes),
    remove: async (name) => void kept.delete(name),
  };
}
