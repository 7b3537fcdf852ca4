import type { CheckFn } from '../check-options.ts'
import { assertLimits } from '../thresholds.ts'

/** What the telemetry pipeline says of one exporter, counted since the process started. */
export interface ExporterState {
  /** `traces`, `metrics`, `logs`, or any name that tells it apart. */
  readonly name: string
  readonly exported: number
  readonly failed: number
  /** Of the last failure. */
  readonly error?: string
}

export interface TelemetryCheckOptions {
  /** Read at each run. */
  readonly exporters: () => Iterable<ExporterState>
  /** Runs in which an exporter only failed, in a row, before it is unhealthy; before that it is degraded. Default 5. */
  readonly unhealthyAfter?: number
}

/** Checks that telemetry gets out: an exporter that has failed since the last run, and sent nothing, is failing. */
export function telemetryCheck(options: TelemetryCheckOptions): CheckFn {
  const { exporters, unhealthyAfter = 5 } = options
  assertLimits('telemetryCheck', options, { unhealthyAfter: 'amount' }, ['exporters'])
  const before = new Map<string, { readonly exported: number; readonly failed: number; readonly streak: number }>()
  return () => {
    const failing: string[] = []
    let longest = 0
    for (const { name, exported, failed, error } of exporters()) {
      const last = before.get(name) ?? { exported: 0, failed: 0, streak: 0 }
      const isSending = exported > last.exported
      const isFailing = failed > last.failed
      // An exporter with nothing to send proves nothing: its streak stays what it was.
      const streak = isSending ? 0 : isFailing ? last.streak + 1 : last.streak
      before.set(name, { exported, failed, streak })
      longest = Math.max(longest, streak)
      if (streak > 0) failing.push(error === undefined ? name : `${name} (${error})`)
    }
    if (failing.length === 0) return 'healthy'
    const message = `exports fail: ${failing.join(', ')}`
    return { status: longest >= unhealthyAfter ? 'unhealthy' : 'degraded', message, observed: longest, unit: '{run}' }
  }
}
