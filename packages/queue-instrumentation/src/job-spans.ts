import { errorText, telemetryFaults } from '@mcp/otel-core'
import { ROOT_CONTEXT, SpanKind, propagation, trace } from '@opentelemetry/api'
import type { Attributes, Context, Span, SpanOptions, TracerProvider } from '@opentelemetry/api'

import { QUEUE_SCOPE } from './queue-registry.ts'
import { VERSION } from './version.ts'
import type { JobKey } from './waiting-jobs.ts'

/** What the spans of a queue have in common. */
export interface SpanSource {
  readonly plugin: string
  /** Name of the queue. */
  readonly name: string
  readonly engine: string
  /** Does a job's span continue the trace that put the job in the queue, or link to it? */
  readonly trace: 'parent' | 'link'
  readonly tracerProvider: TracerProvider | undefined
  readonly say: (complaint: string) => void
}

/** A span, if the tracer gave one, and the context that it is in. */
export interface SpanInContext {
  readonly span: Span | undefined
  readonly context: Context
}

/** Starts the span of putting a job in the queue. */
export function startProducerSpan(
  source: SpanSource,
  job: JobKey | undefined,
  parent: Context,
  attributes?: Attributes,
): SpanInContext {
  return startSpan(source, 'send', parent, { kind: SpanKind.PRODUCER, attributes: { ...attributes, ...idOf(job) } })
}

/** Starts the span of running a job that was put in the queue with the context `creation`. */
export function startConsumerSpan(
  source: SpanSource,
  job: JobKey | undefined,
  creation: Context,
  { attributes, startTime }: { attributes?: Attributes | undefined; startTime?: number | undefined },
): SpanInContext {
  const options: SpanOptions = {
    kind: SpanKind.CONSUMER,
    attributes: { ...attributes, ...idOf(job) },
    ...(startTime !== undefined && { startTime }),
  }
  const producer = trace.getSpanContext(creation)
  if (source.trace === 'parent' || producer === undefined) return startSpan(source, 'process', creation, options)
  return startSpan(source, 'process', trace.deleteSpan(creation), { ...options, links: [{ context: producer }] })
}

/** Writes a context into a job's own metadata. */
export function inject(source: SpanSource, from: Context, carrier: Record<string, string>): void {
  guarded(source, 'propagator', () => propagation.inject(from, carrier))
}

/** Reads a context out of a job's own metadata. */
export function extract(source: SpanSource, carrier: Readonly<Record<string, string>>): Context {
  return guarded(source, 'propagator', () => propagation.extract(ROOT_CONTEXT, carrier)) ?? ROOT_CONTEXT
}

function startSpan(source: SpanSource, operation: string, parent: Context, options: SpanOptions): SpanInContext {
  const attributes: Attributes = {
    ...options.attributes,
    'messaging.system': source.engine,
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': source.name,
    'mcp.plugin': source.plugin,
  }
  const span = guarded(source, 'tracer', () =>
    (source.tracerProvider ?? trace)
      .getTracer(QUEUE_SCOPE, VERSION)
      .startSpan(`${operation} ${source.name}`, { ...options, attributes }, parent),
  )
  return { span, context: span === undefined ? parent : trace.setSpan(parent, span) }
}

function idOf(job: JobKey | undefined): Attributes {
  return typeof job === 'string' || typeof job === 'number' ? { 'messaging.message.id': String(job) } : {}
}

/** Calls what is not ours; what it throws is said. */
export function guarded<T>({ name, say }: SpanSource, part: string, call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    telemetryFaults().add(1, { source: 'queue' })
    say(`the ${part} threw for queue ${name}: ${errorText(error)}; its jobs go on without`)
    return undefined
  }
}
