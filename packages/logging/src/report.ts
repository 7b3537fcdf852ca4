import { diag } from '@opentelemetry/api'

import { writeHarmlessly } from './write-harmlessly.ts'

const API_GLOBAL = Symbol.for('opentelemetry.js.api.1')

/**
 * Says what went wrong in the logging itself: through OpenTelemetry's `diag` where the process has set one up, else
 * on stderr, so that a logger used alone is heard too. Never throws.
 */
export function report(text: string): void {
  try {
    const api = (globalThis as { [API_GLOBAL]?: { diag?: unknown } })[API_GLOBAL]
    if (api?.diag === undefined) writeHarmlessly(process.stderr, `[mcp-otel] ${text}\n`)
    else diag.warn(text)
  } catch {
    // With stderr gone there is nobody left to tell.
  }
}
