import type { Config } from '@mcp/otel-core'
import type { LogRecordProcessor } from '@opentelemetry/sdk-logs'

import type { ExportObserver } from '../export/export-failure.ts'
import { createOtlpLogExporter } from '../export/otlp-exporters.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { queueOf, type Pipeline } from './pipeline.ts'

/** Creates a processor for each exporter of logs that the configuration names. */
export function createLogPipelines(config: Config, observer: ExportObserver): Pipeline<LogRecordProcessor>[] {
  return config.logs.exporters.map((name) => {
    const { BatchLogRecordProcessor, ConsoleLogRecordExporter, SimpleLogRecordProcessor } = sdkPackages.logs
    if (name === 'console') {
      return { processor: new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() }) }
    }
    const exporting = createOtlpLogExporter(config, observer)
    const processor = new BatchLogRecordProcessor({ ...config.logs.batch, exporter: exporting.exporter })
    return { processor, exporting, remaining: () => queueOf(processor) }
  })
}
