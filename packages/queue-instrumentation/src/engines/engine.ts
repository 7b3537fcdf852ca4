import type { TracerProvider } from '@opentelemetry/api'

import type { QueueScope } from '../list-queues.ts'
import type { QueueLibrary } from './queue-libraries.ts'

/** How the queues of a library are measured. */
export interface EngineOptions extends QueueScope {
  /** The label of a queue's metrics, or what finds it by the queue's name; default: the setting, else the queue's name. */
  readonly plugin?: string | ((queue: string) => string | undefined) | undefined
  /** Whether a job's span continues the trace that put it in the queue (default), or links to it. */
  readonly trace?: 'parent' | 'link' | undefined
  /** Milliseconds between two looks at the broker; default 10,000. The first queue of a process that asks decides. */
  readonly pollIntervalMillis?: number | undefined
  /** Default: the global tracer provider. */
  readonly tracerProvider?: TracerProvider | undefined
}

/** A library of queues, and how its queues are made to tell what happens to their jobs. */
export interface QueueEngine extends QueueLibrary {
  /**
   * Instruments what such a module exports, once it was evaluated and before the app sees it; twice is as good as once.
   * `whole` is the `module.exports` of a CommonJS module; what is returned, if anything, takes its place.
   */
  readonly instrumentModule: (exports: Readonly<Record<string, unknown>>, whole?: unknown) => unknown
  /** Whether a value is one of its queues, by its shape. */
  readonly recognises: (value: object) => boolean
  /** Instruments one queue; what was said of it before is said anew. What is returned, if anything, takes its place. */
  readonly instrument: (queue: object, options: EngineOptions) => object | void
}
