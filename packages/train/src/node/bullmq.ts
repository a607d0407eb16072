// Jobs on many machines by BullMQ. An entry of its own: bullmq and ioredis are needed here alone.

export { type BullmqExecutorOptions, createBullmqExecutor } from './bullmq/bullmq-executor.ts';
export {
  type BullmqWorker,
  type BullmqWorkerEvent,
  type BullmqWorkerOptions,
  startBullmqWorker,
} from './bullmq/bullmq-worker.ts';
