import { withoutCredentials } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'

/** What is exported, as people call it. */
export type Signal = 'traces' | 'metrics' | 'logs'

/** Is told how exports end. */
export interface ExportObserver {
  succeeded(signal: Signal): void
  failed(signal: Signal, reason: string): void
}

/** Says on stderr when the export of a signal begins to fail, and when it works again. */
export interface ExportVoice {
  succeeded(): void
  failed(error: unknown): void
}

export function createExportVoice(signal: Signal, target: string, observer: ExportObserver): ExportVoice {
  const where = withoutCredentials(target)
  let isFailing = false
  return {
    succeeded() {
      observer.succeeded(signal)
      if (isFailing) diag.warn(`${signal} are exported to ${where} again`)
      isFailing = false
    },
    failed(error) {
      const reason = reasonOf(error)
      observer.failed(signal, reason)
      if (isFailing) return
      isFailing = true
      diag.warn(
        `${signal} cannot be exported to ${where}: ${reason}; start the collector there, or correct ` +
          'OTEL_EXPORTER_OTLP_ENDPOINT; the app runs on',
      )
    },
  }
}
