export { instrumentQueue } from './instrument-queue.ts'
export type { EngineOptions, QueueEngine } from './engines/engine.ts'
export { queueEngines } from './engines/queue-engines.ts'
export { queueLibraries } from './engines/queue-libraries.ts'
export type { QueueLibrary } from './engines/queue-libraries.ts'
export type { InstrumentedQueue } from './measure-queue.ts'
export { setQueueDefaults } from './queue-defaults.ts'
export type { QueueDefaults } from './queue-defaults.ts'
export { queueInstruments } from './instruments.ts'
export { JOB_CHANNEL, onJob } from './job-channel.ts'
export type { QueueJob } from './job-channel.ts'
export type { JobRun } from './job-run.ts'
export { listQueues, removeQueues } from './list-queues.ts'
export type { QueueScope, QueueStatus } from './list-queues.ts'
export type {
  EnqueueOptions,
  JobEnd,
  QueueOptions,
  RequeueOptions,
  SendOptions,
  StartOptions,
} from './queue-options.ts'
export { QUEUE_SCOPE } from './queue-registry.ts'
export type { WrapOptions } from './task-wrapper.ts'
export { VERSION } from './version.ts'
export type { JobKey } from './waiting-jobs.ts'
