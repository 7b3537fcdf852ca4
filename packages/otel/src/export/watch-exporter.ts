import type { ExportResult } from '@opentelemetry/core'

import { sdkPackages } from '../sdk-packages.ts'
import type { ExportVoice } from './export-failure.ts'

interface AnyExporter {
  export(items: never, done: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
}

/** Lets a stock exporter's results be heard; its failures are then ours to report, and the SDK's own words are spared. */
export function watchExporter(exporter: AnyExporter, voice: ExportVoice): void {
  const send = exporter.export.bind(exporter)
  exporter.export = (items, done) =>
    send(items, (result) => {
      if (result.code === sdkPackages.core.ExportResultCode.SUCCESS) voice.succeeded()
      else voice.failed(result.error ?? new Error('no reason given'))
      done(result)
    })
}
