import type { ExportVoice } from './export-failure.ts'
import type { OtlpDelegate } from './otlp-delegate.ts'

/** How records are put together for export, and how many may wait for it. */
export interface BatchLimits {
  readonly maxQueueSize: number
  readonly maxExportBatchSize: number
  readonly scheduledDelayMillis: number
  /** How long the export of a batch may take. */
  readonly exportTimeoutMillis: number
}

/** Records on their way to an exporter. */
export interface BatchQueue<T> {
  readonly limits: BatchLimits
  /** Takes one more record; where there is no room for it, it is counted as lost. Never throws. */
  add(record: T): void
  /** Resolves when what has been added by now was sent, or given up. */
  forceFlush(): Promise<void>
  shutdown(): Promise<void>
  /** Takes out what waits, in batches, at once: for when nothing asynchronous runs any more. */
  takeAll(): T[][]
}

/**
 * Creates a queue before a sender that takes batches at once. The stock processors hold some of what they have where nobody
 * finds it while they flush, so that it is lost when the process ends just then, and drop log records without a word.
 */
export function createBatchQueue<T>(
  limits: BatchLimits,
  delegate: OtlpDelegate<T[]>,
  voice: ExportVoice,
): BatchQueue<T> {
  const { maxQueueSize, scheduledDelayMillis } = limits
  const batchSize = Math.min(limits.maxExportBatchSize, maxQueueSize)
  const waiting: T[] = []
  let timer: NodeJS.Timeout | undefined
  let isShut = false

  const sendBatch = (): void => delegate.export(waiting.splice(0, batchSize), () => {})
  const sendFrom = (least: number): void => {
    while (waiting.length >= least && delegate.hasRoom()) sendBatch()
  }
  const onTime = (): void => {
    timer = undefined
    sendFrom(1)
    if (waiting.length > 0) arm()
  }
  const arm = (): void => {
    timer ??= setTimeout(onTime, scheduledDelayMillis).unref()
  }

  const flush = async (): Promise<void> => {
    for (let left = waiting.length; ; await delegate.roomMade()) {
      left = Math.min(left, waiting.length)
      for (; left > 0 && delegate.hasRoom(); left -= batchSize) sendBatch()
      if (left <= 0) break
    }
    await delegate.forceFlush()
  }

  return {
    limits: { ...limits, maxExportBatchSize: batchSize },
    add(record) {
      if (isShut) return
      if (waiting.length >= maxQueueSize) return voice.overflowed(maxQueueSize)
      waiting.push(record)
      if (waiting.length >= batchSize) sendFrom(batchSize)
      if (waiting.length > 0) arm()
    },
    forceFlush: flush,
    async shutdown() {
      isShut = true
      clearTimeout(timer)
      await flush()
    },
    takeAll() {
      const batches: T[][] = []
      while (waiting.length > 0) batches.push(waiting.splice(0, batchSize))
      return batches
    },
  }
}
