// What a measurement ran on: a ratio means little without it.

import { cpus, totalmem } from 'node:os';

/** The first line of results.jsonl. */
export interface Machine {
  measure: 'machine';
  cpu: string;
  cores: number;
  memoryGb: number;
  platform: string;
  node: string;
  /** Day of the run, UTC. */
  date: string;
  /** The core that all peers were pinned to; null where they were not. */
  core: number | null;
  /** What each peer says it is. */
  peers: Record<string, string>;
}

export function describeMachine(core: number | undefined, peers: Record<string, string>): Machine {
  return {
    measure: 'machine',
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
    core: core ?? null,
    peers,
  };
}
