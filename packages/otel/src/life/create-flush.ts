import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import type { Pipeline } from '../sdk/pipeline.ts'
import type { Flushable, SdkParts } from '../sdk/sdk-parts.ts'
import { sendLastWords } from './last-words.ts'
import { withinDeadline } from './within-deadline.ts'

/** Sends what is pending; each ends within the deadline, never rejects, and resolves to whether all was delivered. */
export interface Flush {
  /** Whether anything is exported at all. */
  readonly exports: boolean
  all(options?: FlushOptions): Promise<boolean>
  /** Spans and log records only: no request is made when there are none. */
  records(options?: FlushOptions): Promise<boolean>
  /** From now on a collector that cannot be reached is not tried again. */
  hurry(): void
  /**
   * Sends what is still here before it returns, for when nothing asynchronous runs any more; metrics only if wished for.
   * Never throws.
   */
  lastWords(withMetrics: boolean): void
  /** Sends all, then closes. */
  shutdown(): Promise<boolean>
  /** Says that the deadline has passed before everything was delivered. */
  sayLost(): void
}

export interface FlushOptions {
  /** Whether the process is kept alive for it; default true. */
  readonly holds?: boolean
}

export function createFlush(
  { recordPipelines, metricPipelines, page }: Pick<SdkParts, 'recordPipelines' | 'metricPipelines' | 'page'>,
  timeoutMillis: number,
): Flush {
  const pipelines = [...recordPipelines, ...metricPipelines]
  const flush = (which: readonly Pipeline<Flushable>[], { holds = true }: FlushOptions = {}): Promise<boolean> =>
    withinDeadline(which.map(drain), timeoutMillis, holds)
  const sayLost = (): void =>
    diag.warn(
      `not everything was delivered within ${timeoutMillis} ms; it is lost: see that the collector answers, or set ` +
        'MCP_OTEL_FLUSH_TIMEOUT',
    )
  return {
    exports: pipelines.length > 0,
    all: (options) => flush(pipelines, options),
    records: (options) => flush(recordPipelines, options),
    hurry: () => {
      for (const { exporting } of pipelines) exporting?.hurry()
    },
    lastWords(withMetrics) {
      try {
        const which = withMetrics ? pipelines : recordPipelines
        const requests = which.flatMap(({ exporting }) => exporting?.lastRequests() ?? [])
        if (!sendLastWords(requests, timeoutMillis)) sayLost()
      } catch (error) {
        diag.warn(`what was recorded last is lost: it cannot be sent while the process exits: ${reasonOf(error)}`)
      }
    },
    shutdown: () => withinDeadline([...pipelines.map(close), page.reader.shutdown()], timeoutMillis),
    sayLost,
  }
}

async function drain({ processor, exporting }: Pipeline<Flushable>): Promise<void> {
  await processor.forceFlush()
  await exporting?.forceFlush()
}

/** Processors and readers send what they have before they close. */
async function close({ processor, exporting }: Pipeline<Flushable>): Promise<void> {
  await processor.shutdown()
  await exporting?.forceFlush()
}
