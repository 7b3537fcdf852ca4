import { createRequire } from 'node:module'

import type { Config } from '@mcp/otel-core'
import type * as Logging from '@mcp/otel-logging'
import type { RedactOptions } from '@mcp/otel-logging'
import type { McpOptions } from '@mcp/otel-protocol-instrumentation'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'

const require = createRequire(import.meta.url)

/** Returns what the settings come to; the redactor is loaded only where contents are wished for. */
export function mcpOptions(
  { captureArguments, captureMaxLength, captureResults, ...settings }: Config['mcp'],
  redact: RedactOptions | undefined,
): McpOptions {
  if (!captureArguments && !captureResults) return settings
  try {
    const { createRedact } = require('@mcp/otel-logging') as typeof Logging
    const capture = {
      arguments: captureArguments,
      results: captureResults,
      maxLength: captureMaxLength,
      redact: createRedact(redact),
    }
    return { ...settings, capture }
  } catch (error) {
    diag.error(`no content of tool calls is captured: ${reasonOf(error)}; correct mcp.redact`)
    return settings
  }
}
