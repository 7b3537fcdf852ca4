import type { Facts, TelemetryFacts } from './facts.ts'
import { fail, ok, warn, type Finding } from './finding.ts'
import type { End, StartedApp } from './start-app.ts'
import type { ExportOutcome } from './test-exports.ts'

/** How the app itself has fared. */
export function checkApp({
  command,
  facts,
  app,
}: {
  command: string
  facts: Facts | undefined
  app: StartedApp
}): Finding {
  const { end } = app
  const said = app.lastWords(3).join(' | ').slice(0, 400)
  const words = said === '' ? '' : `; its last words: ${said}`
  if (end === undefined) return ok('app', `${command} runs${facts === undefined ? '' : ` as process ${facts.pid}`}`)
  if (end.error !== undefined)
    return fail('app', `${command} cannot be started: ${end.error.message}`, 'give a command that starts the app')
  if (end.code === 0)
    return warn(
      'app',
      `${command} ended by itself with 0 before it could be looked at`,
      'give a command that keeps running',
    )
  return fail('app', `${command} ended with ${how(end)}${words}`, 'see that it starts without the doctor')
}

function how({ code, signal }: End): string {
  return code === null ? String(signal) : `exit code ${code}`
}

/** What is known of the start beforehand. */
export interface HowStarted {
  /** Whether the register entry is the doctor's doing. */
  readonly isAdded: boolean
  /** Whether environment or configuration file switch everything off. */
  readonly isDisabled: boolean
}

/** What the app's own telemetry has come to. */
export function checkStart({ telemetry }: Facts, { isAdded, isDisabled }: HowStarted): Finding[] {
  const start = 'node --require @mcp/otel/register …, or call start() before all else'
  if (isDisabled || telemetry?.state === 'disabled') {
    const remedy = 'unset OTEL_SDK_DISABLED, and `disabled` in options and configuration file'
    return [fail('start', '@mcp/otel is disabled: nothing is observed', remedy)]
  }
  if (telemetry === undefined) return [fail('start', 'nothing starts @mcp/otel in this app', `start it with ${start}`)]
  const { problems, state } = telemetry
  if (state !== 'running') return [fail('start', `@mcp/otel is ${state}`, 'see what the app says on stderr')]
  return [
    isAdded
      ? warn('start', 'the command does not start @mcp/otel; the doctor has added it', `start the app with ${start}`)
      : ok('start', '@mcp/otel runs in the app'),
    ...(problems.length === 0
      ? [ok('configuration', 'nothing is wrong with it')]
      : problems.map((problem) =>
          warn('configuration', problem, 'correct it; npx mcp-otel config shows what is in force'),
        )),
  ]
}

/** How the test exports went. */
export function checkExports(outcomes: readonly ExportOutcome[], exporters: TelemetryFacts | undefined): Finding[] {
  const others = (['traces', 'metrics', 'logs'] as const).flatMap((signal) =>
    (exporters?.exporters[signal] ?? [])
      .filter((name) => name !== 'otlp' && name !== 'prometheus')
      .map((name) => ok(`export ${signal}`, `to ${name}, which is not tried`)),
  )
  if (outcomes.length + others.length === 0)
    return [ok('exports', 'none is configured; OTEL_EXPORTER_OTLP_ENDPOINT names a collector')]
  const tried = outcomes.map(({ millis, protocol, reason, signal, target }) => {
    const where = `${target} (${protocol})`
    return reason === undefined
      ? ok(`export ${signal}`, `${where} took a test ${NOUNS[signal]} in ${millis} ms`)
      : fail(`export ${signal}`, `${where}: ${reason}`, remedyOf(reason))
  })
  return [...tried, ...others]
}

const NOUNS = { traces: 'span', metrics: 'metric', logs: 'log record' } as const

function remedyOf(reason: string): string {
  if (/40[13]|unauthenticated|permission/i.test(reason))
    return 'set OTEL_EXPORTER_OTLP_HEADERS to what the collector asks for'
  if (/404|unimplemented/i.test(reason))
    return 'see that the endpoint is one of OTLP, and that the protocol is the one it speaks'
  if (/certificate|self.signed|tls|ssl/i.test(reason))
    return 'set OTEL_EXPORTER_OTLP_CERTIFICATE to what the collector is trusted by'
  return 'start the collector there, or correct OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL'
}
