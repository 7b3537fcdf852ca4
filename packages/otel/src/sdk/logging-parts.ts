import type { Config } from '@mcp/otel-core'
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'

import type { ExportObserver } from '../export/export-failure.ts'
import { createOtlpLogPipeline } from '../export/otlp-exporters.ts'
import { sdkPackages } from '../sdk-packages.ts'
import type { Pipeline } from './pipeline.ts'

/** Creates a processor for each exporter of logs that the configuration names. */
export function createLogPipelines(config: Config, observer: ExportObserver): Pipeline<LogRecordProcessor>[] {
  return config.logs.exporters.map((name) => {
    if (name === 'otlp') return createOtlpLogPipeline(config, observer)
    const { ConsoleLogRecordExporter, SimpleLogRecordProcessor } = sdkPackages.logs
    return { processor: new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() }) }
  })
}
