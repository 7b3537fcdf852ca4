import { amqplibEngine } from './amqplib.ts'
import { bullmq } from './bullmq.ts'
import type { QueueEngine } from './engine.ts'
import { fastqEngine } from './fastq.ts'
import { pQueueEngine } from './p-queue.ts'
import { pgBossEngine } from './pg-boss.ts'

/** The libraries whose queues are measured by themselves. None of them is loaded from here. */
export const queueEngines: readonly QueueEngine[] = [bullmq, amqplibEngine, pgBossEngine, pQueueEngine, fastqEngine]
