import { checkedVariables, listSettings, settings } from '@mcp/otel-core'
import { diag, logs, metrics, trace } from '@opentelemetry/api'

import { readBounded } from '../config-file/read-bounded.ts'
import { reasonOf } from '../diagnostics/diag-text.ts'
import { withVariables } from '../export/with-variables.ts'
import { sdkPackages } from '../sdk-packages.ts'
import { declaredFile } from './declared-file.ts'
import { findForeignSdk } from './foreign-sdk.ts'
import type { Pipeline } from './pipeline.ts'
import type { Flushable } from './sdk-parts.ts'

type Env = Readonly<Record<string, string | undefined>>

/** OpenTelemetry's SDK as its declarative configuration file has it, at work. */
export interface DeclaredSdk {
  /** The file as the variable names it. */
  readonly file: string
  /** Its providers of spans and log records, and those of metrics, for when the process ends. */
  readonly recordPipelines: readonly Pipeline<Flushable>[]
  readonly metricPipelines: readonly Pipeline<Flushable>[]
}

const { otlp, traces, metrics: metricSettings, logs: logSettings, propagators, resourceDetectors } = settings
/** What the file says in their place. */
const REPLACED: ReadonlySet<string> = new Set(
  [
    ...listSettings({ otlp, traces, metricSettings, logSettings, propagators, resourceDetectors }).flatMap(
      ({ setting }) => setting.env,
    ),
    ...checkedVariables.map(({ name }) => name).filter((name) => name.startsWith('OTEL_EXPORTER_')),
  ].filter((name) => name.startsWith('OTEL_')),
)

/**
 * Returns the environment as it counts where OpenTelemetry's file does: by the specification the variables that the SDK
 * reads are not used then. Those that are set are named.
 */
export function withoutReplaced(env: Env): { readonly env: Env; readonly problems: readonly string[] } {
  if (declaredFile(env) === undefined) return { env, problems: [] }
  const unused = Object.keys(env).filter((name) => REPLACED.has(name) && env[name]?.trim() !== '')
  return {
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !REPLACED.has(name))),
    problems:
      unused.length === 0
        ? []
        : [
            `${unused.join(', ')} ${unused.length === 1 ? 'is' : 'are'} not used, since OTEL_CONFIG_FILE says what the SDK does; unset one or the other`,
          ],
  }
}

/**
 * Starts and registers what the file declares; `undefined` where there is none, or where it cannot be used, which is said.
 * Never throws.
 */
export function startDeclaredSdk(env: Env): DeclaredSdk | undefined {
  const file = declaredFile(env)
  if (file === undefined) return undefined
  const before = findForeignSdk()
  if (before.trace !== undefined || before.metrics !== undefined) {
    diag.warn(`${file} is not used: the app has set up an OpenTelemetry SDK of its own; let one of the two do it`)
    return undefined
  }
  try {
    // The SDK would wait for a pipe, and read a file of any size.
    readBounded(file)
    withOwnDiagnostics(() => withVariables({ OTEL_CONFIG_FILE: file }, () => void sdkPackages.node.startNodeSdk({})))
  } catch (error) {
    diag.error(`${file} cannot be used: ${reasonOf(error)}; correct it, or unset OTEL_CONFIG_FILE; nothing is exported`)
    return undefined
  }
  const now = findForeignSdk()
  const declared = {
    file,
    recordPipelines: [
      ...pipelineOf(now.trace, trace.getTracerProvider()),
      ...pipelineOf(now.logs, logs.getLoggerProvider()),
    ],
    metricPipelines: pipelineOf(now.metrics, metrics.getMeterProvider()),
  }
  const isEmpty = declared.recordPipelines.length + declared.metricPipelines.length === 0
  return isEmpty ? undefined : declared
}

/** The SDK would replace the logger of `diag` by one that writes to stdout. */
function withOwnDiagnostics(start: () => void): void {
  const { setLogger } = diag
  diag.setLogger = () => true
  try {
    start()
  } finally {
    diag.setLogger = setLogger
  }
}

function pipelineOf(registered: unknown, provider: object): Pipeline<Flushable>[] {
  return registered === undefined ? [] : [{ processor: flushable(provider) }]
}

/** What is registered may be a stand-in for the provider. */
function flushable(provider: object): Flushable {
  const { getDelegate } = provider as { getDelegate?: () => object }
  const real = (getDelegate?.call(provider) ?? provider) as Partial<Flushable>
  return {
    forceFlush: async () => real.forceFlush?.(),
    shutdown: async () => real.shutdown?.(),
  }
}
