import { telemetryFaults } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'

/** Counts each failure, says each kind once, through `diag`, and goes on: a failure here must not reach the application. */
export class FaultLog {
  readonly #said = new Set<string>()

  /** Says that `what` failed, with the error of the first time. */
  report(what: string, error: unknown): void {
    telemetryFaults().add(1, { source: 'http' })
    if (this.#said.has(what)) return
    this.#said.add(what)
    diag.error(`[mcp-otel] ${what} failed: ${describe(error)}; this is said once, requests go on being served`)
  }

  /** Runs `call`; what it throws is reported as a failure of `what`. */
  guard<T>(what: string, call: () => T): T | undefined {
    try {
      return call()
    } catch (error) {
      this.report(what, error)
      return undefined
    }
  }
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  } catch {
    return 'what was thrown cannot be read'
  }
}
