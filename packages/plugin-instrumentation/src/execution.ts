import { errorText, failSpan, resolveEnd, telemetryFaults } from '@mcp/otel-core'
import type { OutcomeEnd, OutcomeStatus, StatusRules } from '@mcp/otel-core'
import { SpanKind, context, trace } from '@opentelemetry/api'
import type { Attributes, Context, Link, Span, TracerProvider } from '@opentelemetry/api'

import { isPublished, publishExecution } from './execution-channel.ts'
import type { PluginExecution } from './execution-channel.ts'
import { recordEnd } from './execution-series.ts'
import { enterEnd } from './plugin-record.ts'
import type { PluginRecord } from './plugin-record.ts'
import { OTHER, PLUGIN_SCOPE, isName, pluginRegistry, recordOf, say } from './plugin-registry.ts'
import type { PluginRegistry } from './plugin-registry.ts'
import type { PluginScope } from './register-plugin.ts'
import { VERSION } from './version.ts'

/** Which command of which plugin. */
export interface CommandName {
  readonly plugin: string
  /** Measured as `_OTHER` when the plugin was registered with a list of commands and this is none of them. */
  readonly command: string
}

export interface ExecutionOptions extends PluginScope, StatusRules {
  /** What caused it, the request or the job; default: the active context. */
  readonly context?: Context | undefined
  /** `false`: no span of its own, because `context` carries the one that stands for this execution. */
  readonly span?: false | undefined
  /** When it began, on the clock of `performance.now()`; default: now. */
  readonly started?: number | undefined
  /** Further attributes of the span. */
  readonly attributes?: Attributes | undefined
  readonly links?: Link[] | undefined
  /** Default: the global tracer provider. */
  readonly tracerProvider?: TracerProvider | undefined
}

/** How an execution ended; what is left out is derived from the rest. */
export interface ExecutionEnd extends OutcomeEnd {
  /** Attributes of the span that are known only at the end. */
  readonly attributes?: Attributes
  /** When it ended, on the clock of `performance.now()`; default: now. */
  readonly ended?: number | undefined
}

/** One execution of a command, from `startExecution` to `end`. */
export interface Execution {
  /** The caller's context with the execution's span in it. */
  readonly context: Context
  /** Runs a function within `context`; its result and its errors are the caller's, and end nothing. */
  readonly run: <T>(fn: () => T) => T
  /** Ends the execution; only the first call counts. Never throws. */
  readonly end: (end?: ExecutionEnd) => void
}

/** Starts an execution that its caller ends. Never throws. */
export function startExecution(name: CommandName, options: ExecutionOptions = {}): Execution {
  const started = options.started ?? performance.now()
  const registry = pluginRegistry(options.meterProvider)
  const { plugin, command: asked } = objectOf(name)
  const record = recordOf(registry, isName(plugin) ? plugin : OTHER)
  const command = commandOf(record, asked)
  const parent = options.context ?? context.active()
  const span = options.span === false ? undefined : startSpan(registry, record.name, command, parent, options)
  const own = span === undefined ? parent : trace.setSpan(parent, span)
  record.active += 1
  let isEnded = false
  return {
    context: own,
    run: (fn) => context.with(own, fn),
    end(given) {
      if (isEnded) return
      isEnded = true
      const end = objectOf(given)
      try {
        const durationMs = (end.ended ?? performance.now()) - started
        const { status, errorType } = resolveEnd(end, options, (complaint) => say(registry, complaint))
        enterEnd(record, status)
        // Of a plugin that was unloaded meanwhile no series may come back.
        if (registry.plugins.get(record.name) === record)
          recordEnd(registry, record, command, status, durationMs / 1000, own)
        if (errorType !== undefined) registry.errors.errors.add(1, { source: 'plugin', type: errorType }, own)
        if (span !== undefined) endSpan(span, status, errorType, end)
        if (isPublished()) publish({ plugin: record.name, command, status, durationMs, context: own }, errorType, end)
      } catch (error) {
        telemetryFaults().add(1, { source: 'plugin' })
        say(registry, `an execution of ${record.name} ${command} could not be recorded: ${errorText(error)}`)
      }
    },
  }
}

function endSpan(span: Span, status: OutcomeStatus, errorType: string | undefined, end: ExecutionEnd): void {
  span.setAttribute('mcp.execution.status', status)
  if (end.attributes) span.setAttributes(end.attributes)
  if (errorType !== undefined) failSpan(span, errorType, end)
  span.end()
}

function publish(execution: PluginExecution, errorType: string | undefined, end: ExecutionEnd): void {
  publishExecution({
    ...execution,
    ...(errorType !== undefined && { errorType }),
    ...('error' in end && { error: end.error }),
  })
}

function startSpan(
  registry: PluginRegistry,
  plugin: string,
  command: string,
  parent: Context,
  options: ExecutionOptions,
): Span | undefined {
  const attributes = { ...options.attributes, 'mcp.plugin': plugin, 'mcp.command': command }
  const links = options.links && { links: options.links }
  try {
    const tracer = (options.tracerProvider ?? trace).getTracer(PLUGIN_SCOPE, VERSION)
    return tracer.startSpan(`${plugin} ${command}`, { kind: SpanKind.INTERNAL, attributes, ...links }, parent)
  } catch (error) {
    telemetryFaults().add(1, { source: 'plugin' })
    say(registry, `the tracer threw ${errorText(error)}; executions go on without spans`)
    return undefined
  }
}

/** Code without types hands over anything: `null`, an exit code. */
function objectOf<T extends object>(given: T | undefined): Partial<T> {
  return typeof given === 'object' && given !== null ? given : {}
}

function commandOf(record: PluginRecord, command: string | undefined): string {
  return isName(command) && (!record.closed || record.commands.has(command)) ? command : OTHER
}
