import { channel } from 'node:diagnostics_channel'

import { diag, logs, SeverityNumber, trace } from '@opentelemetry/api'
import type { TracerProvider } from '@opentelemetry/api'

import { HEALTH_SCOPE } from './instruments.ts'
import { scrubError } from './scrub.ts'
import type { HealthStatus } from './status.ts'
import { VERSION } from './version.ts'

/** A component's state has changed. */
export interface HealthChange {
  /** A check's name, `plugin:<name>`, `queue:<name>` or `overall`. */
  readonly component: string
  /** undefined when this is the component's first state. */
  readonly from: HealthStatus | undefined
  readonly to: HealthStatus
  readonly message?: string
  /** Where the process is in its life, when that is the reason: a stop that was asked for is no fault. */
  readonly process?: 'starting' | 'draining'
  /** Unix time, ms. */
  readonly at: number
}

/** Channel of `node:diagnostics_channel` on which every `HealthChange` is published. */
export const HEALTH_CHANGE_CHANNEL = 'mcp.health.change'

const SEVERITY: Readonly<Record<HealthStatus, readonly [SeverityNumber, string]>> = {
  healthy: [SeverityNumber.INFO, 'INFO'],
  degraded: [SeverityNumber.WARN, 'WARN'],
  unhealthy: [SeverityNumber.ERROR, 'ERROR'],
}

export interface ChangePublisherOptions {
  readonly onChange: ((change: HealthChange) => void) | undefined
  readonly tracerProvider: TracerProvider | undefined
}

/** Returns a change as one sentence: `health of redis: healthy -> unhealthy (connect ECONNREFUSED)`. */
export function describeChange({ component, from, to, message, process: life }: HealthChange): string {
  const reason = message ?? (life === undefined ? undefined : `the process is ${life}`)
  return `health of ${component}: ${from === undefined ? '' : `${from} -> `}${to}${reason === undefined ? '' : ` (${reason})`}`
}

/**
 * Creates what tells the world of a change: a log record, an event on the span that is active (else a span of its own),
 * the diagnostics channel, and `onChange`. Never throws.
 */
export function createChangePublisher({
  onChange,
  tracerProvider,
}: ChangePublisherOptions): (change: HealthChange) => void {
  const published = channel(HEALTH_CHANGE_CHANNEL)
  return (change) => {
    const { component, from, to, message, at, process: life } = change
    const attributes = {
      'mcp.health.component': component,
      'mcp.health.status': to,
      ...(from !== undefined && { 'mcp.health.previous_status': from }),
      ...(message !== undefined && { 'mcp.health.message': message }),
      ...(life !== undefined && { 'mcp.health.process': life }),
    }
    guarded('log record', () => {
      const [severityNumber, severityText] = SEVERITY[life === undefined ? to : 'healthy']
      logs.getLogger(HEALTH_SCOPE, VERSION).emit({
        eventName: HEALTH_CHANGE_CHANNEL,
        severityNumber,
        severityText,
        body: describeChange(change),
        attributes,
        timestamp: at,
      })
    })
    guarded('span event', () => {
      const active = trace.getActiveSpan()
      if (active?.isRecording()) {
        active.addEvent(HEALTH_CHANGE_CHANNEL, attributes, at)
        return
      }
      const span = (tracerProvider ?? trace)
        .getTracer(HEALTH_SCOPE, VERSION)
        .startSpan('health change', { startTime: at, root: true })
      span.addEvent(HEALTH_CHANGE_CHANNEL, attributes, at)
      span.end(at)
    })
    guarded(`subscriber of ${HEALTH_CHANGE_CHANNEL}`, () => published.publish(change))
    guarded('onChange', () => onChange?.(change))
  }
}

function guarded(what: string, run: () => void): void {
  try {
    run()
  } catch (error) {
    diag.error(
      `[mcp-otel] telling a health change failed in the ${what}: ${scrubError(error)}; the check itself goes on`,
    )
  }
}
