// One connection to Redis or Valkey. Once it stood, it waits through outages: commands given meanwhile are sent when the
// server is back. At the start, a server that is not there is an error.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { shown } from '../../check.ts';

/** Time to wait for a first connection [ms]. */
const CONNECT_MS = 3000;

/** Connects to `redis://` or `rediss://`. @throws if it is no such address, or no server answers there. */
export async function connect(address: string): Promise<Redis> {
  const place = placeOf(address);
  const redis = new Redis(address, {
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * times, 2000),
  });
  let reason = 'no answer';
  redis.on('error', (error) => {
    reason = error.message || String((error as { code?: string }).code);
  });
  const ready = new Promise<true>((resolve) => redis.once('ready', () => resolve(true)));
  const waiting = new AbortController();
  const late = sleep(CONNECT_MS, false as const, { signal: waiting.signal }).catch(() => false);
  if (await Promise.race([ready, late])) {
    waiting.abort();
    return redis;
  }
  redis.disconnect();
  throw new Error(
    `executor: no Redis or Valkey answers at ${place} within ${CONNECT_MS} ms: ${reason}. Is it running, and the password right?`,
  );
}

/** Host and port for messages: an address may hold a password. @throws if it is no address of a Redis. */
export function placeOf(address: unknown): string {
  const url = typeof address === 'string' && URL.canParse(address) ? new URL(address) : undefined;
  if (url && /^rediss?:$/.test(url.protocol) && url.hostname) return `${url.hostname}:${url.port || 6379}`;
  const got = url ? `one of ${url.protocol}` : typeof address === 'string' ? 'another text' : shown(address);
  throw new Error(`executor: redis must be an address like redis://localhost:6379, got ${got}.`);
}

/** The stream position just before now, by the server's clock: who reads from there misses nothing that follows. */
export async function streamPosition(redis: Redis): Promise<string> {
  const [seconds, microseconds] = await redis.time();
  return `${1000 * Number(seconds) + Math.floor(Number(microseconds) / 1000) - 1}-0`;
}

/** Returns the name of a queue. @throws if BullMQ takes no such name. */
export function checkQueueName(queue: unknown): string {
  if (typeof queue === 'string' && /^[^:\s]+$/.test(queue)) return queue;
  throw new Error(`executor: queue must be a name without colons and blanks, got ${shown(queue)}.`);
}
