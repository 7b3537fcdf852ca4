import type { OutcomeEnd, StatusOf } from '@mcp/otel-core'
import type { Attributes, Context, TracerProvider } from '@opentelemetry/api'

import type { QueueScope } from './list-queues.ts'

/** How a queue is measured. */
export interface QueueOptions extends QueueScope {
  /** The label of its metrics; queues of one plugin are measured together. */
  readonly plugin: string
  /** Name of the queue in its spans; default: the plugin's. */
  readonly name?: string | undefined
  /** `shared` when other processes put jobs in it, or take them; default `local`. */
  readonly scope?: 'local' | 'shared' | undefined
  /** What keeps the jobs, as `messaging.system` of its spans: `p-queue`, `bullmq`, …; default `in_process`. */
  readonly engine?: string | undefined
  /** Which broker keeps the jobs, where a process talks to several: queues of one name are told apart by it. */
  readonly address?: string | undefined
  /**
   * The queue's own count of the jobs that wait; `undefined` when it cannot say, and then nothing is shown. Called at
   * each collection, so it must be quick. Default: what `enqueued`, `started` and `removed` tell; a shared queue has none.
   */
  readonly size?: (() => number | undefined) | undefined
  /** The queue's own count of the jobs that run. Default: those that were started here. */
  readonly active?: (() => number | undefined) | undefined
  /** Seconds that the oldest waiting job has waited, 0 when none waits. Default: as for `size`. */
  readonly oldestJobAge?: (() => number | undefined) | undefined
  /** Whether a job's span continues the trace that put it in the queue (default), or links to it. */
  readonly trace?: 'parent' | 'link' | undefined
  /** Reads the status out of a result or an error; `undefined` leaves it to the usual rules. */
  readonly statusOf?: StatusOf | undefined
  /** Jobs that are known one by one at a time; further ones are counted only. Default 100,000. */
  readonly maxTracked?: number | undefined
  /** Default: the global tracer provider. */
  readonly tracerProvider?: TracerProvider | undefined
}

export interface EnqueueOptions {
  /** Milliseconds that the job is meant to wait before it is ready: they are no part of its wait. */
  readonly delay?: number | undefined
  /** Gets the trace, to travel with the job to another process. */
  readonly carrier?: Record<string, string> | undefined
  /** What caused it; default: the active context. */
  readonly context?: Context | undefined
}

export interface StartOptions {
  /** The metadata that came with the job from another process. */
  readonly carrier?: Readonly<Record<string, string>> | undefined
  /** The context that put it in the queue, where there is neither a carrier nor an `enqueued` of this process. */
  readonly context?: Context | undefined
  /**
   * When it became ready, as Unix time in milliseconds, where the broker says so: its delay excluded. `undefined` when that
   * is not known, and then no wait is entered.
   */
  readonly readyAt?: number | undefined
  /**
   * It has run before: its wait is entered apart, in `mcp_queue_retry_wait_seconds`. Default: whether it was `requeued`
   * here.
   */
  readonly isRetry?: boolean | undefined
  /** False where somebody else makes its span: then `context` is the job's own. Default true. */
  readonly span?: boolean | undefined
  /** Further attributes of its span. */
  readonly attributes?: Attributes | undefined
  /** Cancels the job: its reason, when thrown, is no error. */
  readonly signal?: AbortSignal | undefined
}

export interface SendOptions<T> {
  /** Attributes of the producer's span. */
  readonly attributes?: Attributes | undefined
  /** Reads out of what the call came to by what id the broker knows the job; called before the caller has it. */
  readonly idOf?: ((result: Awaited<T>) => string | number | undefined) | undefined
}

/** How a job ended; what is left out is derived from the rest. */
export interface JobEnd extends OutcomeEnd {
  /** Attributes of its span that are known only at the end. */
  readonly attributes?: Attributes
}

/** An attempt that ran elsewhere. */
export interface LostOptions extends JobEnd, Pick<StartOptions, 'carrier' | 'span'> {
  /** When it started, as Unix time in milliseconds; default: now. */
  readonly startedAt?: number | undefined
  /** It was the last one: the job is counted as ended. Default false. */
  readonly isFinal?: boolean | undefined
}

export interface RequeueOptions extends JobEnd {
  /** Milliseconds until it is ready again. */
  readonly delay?: number
}
