import type { QueueEngine } from './engine.ts'

/** The libraries whose queues are measured by themselves. None of them is loaded from here. */
export const queueEngines: readonly QueueEngine[] = []
