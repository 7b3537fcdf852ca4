import type { Catalogue } from '@mcp/otel-core'
import { errorInstruments, telemetryInstruments } from '@mcp/otel-core'
import { healthInstruments } from '@mcp/otel-health'
import { httpInstruments } from '@mcp/otel-http-instrumentation'
import { pluginInstruments } from '@mcp/otel-plugin-instrumentation'
import { protocolInstruments } from '@mcp/otel-protocol-instrumentation'
import { queueInstruments } from '@mcp/otel-queue-instrumentation'

import { buildInstruments, processInstruments } from '../../packages/otel/src/process-instruments.ts'
import { systemInstruments } from '../../packages/otel/src/system-instruments.ts'

/** Every catalogue, in the order in which a reader meets them. */
export const catalogues: readonly { readonly title: string; readonly from: string; readonly catalogue: Catalogue }[] = [
  { title: 'Requests', from: '@mcp/otel-http-instrumentation', catalogue: httpInstruments },
  { title: 'Plugins', from: '@mcp/otel-plugin-instrumentation', catalogue: pluginInstruments },
  { title: 'Queues', from: '@mcp/otel-queue-instrumentation', catalogue: queueInstruments },
  { title: 'Model Context Protocol', from: '@mcp/otel-protocol-instrumentation', catalogue: protocolInstruments },
  { title: 'Errors', from: '@mcp/otel-core', catalogue: errorInstruments },
  { title: 'Health', from: '@mcp/otel-health', catalogue: healthInstruments },
  { title: 'Process', from: '@mcp/otel', catalogue: processInstruments },
  { title: 'Machine', from: '@mcp/otel', catalogue: systemInstruments },
  { title: 'Build', from: '@mcp/otel', catalogue: buildInstruments },
  { title: 'Telemetry about the telemetry', from: '@mcp/otel-core', catalogue: telemetryInstruments },
]
