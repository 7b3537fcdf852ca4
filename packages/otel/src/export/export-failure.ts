import { withoutCredentials } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'

/** What is exported, as people call it. */
export type Signal = 'traces' | 'metrics' | 'logs'

/** Is told how exports end. */
export interface ExportObserver {
  succeeded(signal: Signal): void
  failed(signal: Signal, reason: string): void
  /** Spans or log records will not arrive. */
  lost(signal: Signal, count: number): void
}

/** Says on stderr when the export of a signal begins to fail, and when it works again. */
export interface ExportVoice {
  succeeded(): void
  /** An export was given up, and with it so many spans or log records. */
  failed(error: unknown, count?: number): void
  /** A span or log record was dropped because so many wait already. */
  overflowed(limit: number): void
}

const RECORDS: Readonly<Record<Signal, string>> = { traces: 'spans', metrics: 'metrics', logs: 'log records' }
const QUEUE_SIZE: Readonly<Record<Signal, string>> = {
  traces: 'OTEL_BSP_MAX_QUEUE_SIZE',
  metrics: '',
  logs: 'OTEL_BLRP_MAX_QUEUE_SIZE',
}

export function createExportVoice(signal: Signal, target: string, observer: ExportObserver): ExportVoice {
  const where = withoutCredentials(target)
  const records = RECORDS[signal]
  let isFailing = false
  let isOverflowing = false
  let lost = 0
  const lose = (count: number): void => {
    if (count === 0) return
    lost += count
    observer.lost(signal, count)
  }
  return {
    succeeded() {
      observer.succeeded(signal)
      const meanwhile = lost === 0 ? '' : `; ${lost} ${records} were lost meanwhile`
      if (isFailing || isOverflowing) diag.warn(`${signal} are exported to ${where} again${meanwhile}`)
      isFailing = false
      isOverflowing = false
      lost = 0
    },
    failed(error, count = 0) {
      const reason = reasonOf(error)
      observer.failed(signal, reason)
      lose(count)
      if (isFailing) return
      isFailing = true
      diag.warn(
        `${signal} cannot be exported to ${where}: ${reason}; start the collector there, or correct ` +
          'OTEL_EXPORTER_OTLP_ENDPOINT; the app runs on',
      )
    },
    overflowed(limit) {
      lose(1)
      if (isOverflowing) return
      isOverflowing = true
      diag.warn(
        `${limit} ${records} wait for export already, and what exceeds them is dropped, and counted in ` +
          `mcp_telemetry_lost_records_total: see that ${where} answers, or set ${QUEUE_SIZE[signal]}`,
      )
    },
  }
}
