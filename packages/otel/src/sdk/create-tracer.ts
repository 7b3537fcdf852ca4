import { context as contextApi, trace } from '@opentelemetry/api'
import type { Context, Span, SpanOptions, Tracer } from '@opentelemetry/api'

/** Starts a span as `Tracer` does, with nothing left out. */
export type StartSpan = (name: string, options: SpanOptions, context: Context) => Span

/** Returns a tracer all of whose spans are started by one function. */
export function createTracer(start: StartSpan): Tracer {
  return {
    startSpan: (name, options = {}, context = contextApi.active()) => start(name, options, context),
    startActiveSpan: (name: string, ...rest: unknown[]) => {
      const fn = rest.pop() as (span: Span) => never
      const [options = {}, given] = rest as [SpanOptions | undefined, Context | undefined]
      const parent = given ?? contextApi.active()
      const span = start(name, options, parent)
      return contextApi.with(trace.setSpan(parent, span), fn, undefined, span)
    },
  }
}
