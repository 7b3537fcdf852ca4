import type { Pipeline } from '../sdk/pipeline.ts'
import type { Flushable, SdkParts } from '../sdk/sdk-parts.ts'
import { withinDeadline } from './within-deadline.ts'

/** Sends what is pending; each ends within the deadline, never rejects, and resolves to whether all was delivered. */
export interface Flush {
  /** Whether anything is exported at all. */
  readonly exports: boolean
  all(): Promise<boolean>
  /** Spans and log records only: no request is made when there are none. */
  records(): Promise<boolean>
  /** From now on a collector that cannot be reached is not tried again. */
  hurry(): void
  /** Sends all, then closes. */
  shutdown(): Promise<boolean>
}

export function createFlush(
  { recordPipelines, metricPipelines, page }: Pick<SdkParts, 'recordPipelines' | 'metricPipelines' | 'page'>,
  timeoutMillis: number,
): Flush {
  const pipelines = [...recordPipelines, ...metricPipelines]
  const flush = (which: readonly Pipeline<Flushable>[]): Promise<boolean> =>
    withinDeadline(which.map(drain), timeoutMillis)
  return {
    exports: pipelines.length > 0,
    all: () => flush(pipelines),
    records: () => flush(recordPipelines),
    hurry: () => {
      for (const { exporting } of pipelines) exporting?.hurry()
    },
    async shutdown() {
      const isDelivered = await flush(pipelines)
      const isClosed = await withinDeadline([...pipelines.map(close), page.reader.shutdown()], timeoutMillis)
      return isDelivered && isClosed
    },
  }
}

async function drain({ processor, exporting }: Pipeline<Flushable>): Promise<void> {
  await processor.forceFlush()
  await exporting?.forceFlush()
}

async function close({ processor }: Pipeline<Flushable>): Promise<void> {
  await processor.shutdown()
}
