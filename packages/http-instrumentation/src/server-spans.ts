import { EventEmitter } from 'node:events'
import { performance } from 'node:perf_hooks'

import { endSpanAt, enterContext, failSpan, hasIds, layContext, MADE_FOR_IT, READ_TICK } from '@mcp/otel-core'
import type { TickedOptions } from '@mcp/otel-core'
import { propagation, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api'
import type { Context, Span, TextMapGetter, Tracer } from '@opentelemetry/api'

import type { Emit, EventArguments, Exchange, PeerSocket } from './exchange.ts'
import type { Failure } from './failure.ts'
import { adoptForeignSpan } from './foreign-span.ts'
import type { HttpServerInstrumentationConfig } from './http-server-config.ts'
import { createQueryRedaction } from './query-redaction.ts'
import { createRpcMetadata, RPC_METADATA } from './rpc-metadata.ts'
import { createRequestAttributes } from './span-attributes.ts'
import { SpanNames } from './span-names.ts'
import { suppressTracing } from './suppression.ts'

/** Starts and ends the server spans, unless another instrumentation does, and runs the handlers inside them. */
export class ServerSpans {
  readonly #tracer: Tracer | undefined
  /** Which replaced `emit` functions, for which events, made no server span last time. */
  readonly #spanless = new WeakMap<Emit, Set<string | symbol>>()
  /** The exchange whose span is being started. */
  #starting: Exchange | undefined
  readonly #options: TickedOptions
  readonly #names = new SpanNames()

  constructor(scope: string, version: string, config: HttpServerInstrumentationConfig) {
    this.#tracer = config.spans === 'off' ? undefined : (config.tracerProvider ?? trace).getTracer(scope, version)
    const redact = config.captureQuery === false ? undefined : createQueryRedaction(config.redactQuery)
    const attributesOf = createRequestAttributes(redact)
    const starting = () => this.#starting
    // One object for all: to make an accessor for each request costs more than the rest of a span that is not recorded.
    this.#options = {
      kind: SpanKind.SERVER,
      [MADE_FOR_IT]: true,
      get attributes() {
        const exchange = starting()
        return exchange === undefined ? {} : attributesOf(exchange)
      },
      get [READ_TICK]() {
        return starting()?.startedAt
      },
    }
  }

  /**
   * Asks for the address that spans tell, which Node then keeps on the socket: asked during the first request, the app's sockets
   * would change in between, and differ from the endpoint's, and Node's functions would be slow for more than four kinds of them.
   */
  meet(socket: PeerSocket): void {
    if (this.#tracer !== undefined) Reflect.get(socket, 'remoteAddress')
  }

  /** Makes a request's span active for the rest of Node's call; false where its event has to be emitted by `emit`. */
  enter(exchange: Exchange, emit: Emit): boolean {
    if (!isNodes(emit) || !exchange.hasOwnCall || isBegun(exchange)) return false
    this.#begin(exchange)
    const { context } = exchange
    return context === undefined || (!exchange.spanIsForeign && enterContext(context))
  }

  /** Emits a request's event to its handlers, inside its server span. */
  emit(exchange: Exchange, emit: Emit, server: EventEmitter, args: EventArguments): boolean {
    if (isBegun(exchange)) return exchange.emit(emit, server, args)
    if (isNodes(emit) || this.#spanless.get(emit)?.has(args[0])) this.#begin(exchange)
    return isNodes(emit) ? exchange.emit(emit, server, args) : this.#probe(exchange, emit, server, args)
  }

  /** Leaves a request out: nothing is traced in its handlers. */
  suppress(exchange: Exchange): void {
    if (this.#tracer === undefined) return
    exchange.context = suppressTracing(ROOT_CONTEXT)
    exchange.bindContext()
  }

  /**
   * Ends the span, at `performance.now()` as it was read for the end, with what became of the request; starts it first if the
   * server answered without any handler.
   */
  end(exchange: Exchange, at: number, status: number, route: string | undefined, failure: Failure | undefined): void {
    if (exchange.spanIsForeign) {
      if (exchange.rpc && route !== undefined) exchange.rpc.route = route
      return
    }
    if (exchange.span === undefined) this.#start(exchange, performance.timeOrigin + exchange.startedAt)
    const { span } = exchange
    if (span?.isRecording()) {
      span.setAttribute('http.response.status_code', status)
      if (route !== undefined) {
        span.setAttribute('http.route', route)
        span.updateName(this.#names.of(spanMethod(exchange), route))
      }
      if (failure) failSpan(span, failure.type, failure)
      else if (exchange.sentStatus === undefined) span.setAttribute('error.type', String(status))
    }
    if (span !== undefined) endSpanAt(span, at)
  }

  /**
   * The server's `emit` was replaced, as @opentelemetry/instrumentation-http does: a first listener, there for this
   * call only, sees whether a server span is active by then. If one is, ours is dropped, unended and so unheard of; if
   * none is, ours surrounds the next request.
   */
  #probe(exchange: Exchange, emit: Emit, server: EventEmitter, args: EventArguments): boolean {
    const { faults } = exchange.tracker
    const [event] = args
    const probe = () => {
      faults.guard('looking for a server span', () => {
        if (adoptForeignSpan(exchange)) {
          this.#spanless.get(emit)?.delete(event)
          return
        }
        this.#spanless.set(emit, (this.#spanless.get(emit) ?? new Set()).add(event))
        if (exchange.span === undefined) this.#start(exchange)
      })
    }
    server.prependOnceListener(event, probe)
    try {
      return exchange.emit(emit, server, args)
    } finally {
      server.removeListener(event, probe)
    }
  }

  #begin(exchange: Exchange): void {
    try {
      if (!adoptForeignSpan(exchange)) this.#start(exchange)
    } catch (error) {
      exchange.tracker.faults.report('starting a server span', error)
    }
  }

  /** Starts the span and gives the exchange its context; without an SDK and a remote parent there is nothing to carry. */
  #start(exchange: Exchange, startTime?: number): void {
    if (this.#tracer === undefined) return
    const parent = propagation.extract(ROOT_CONTEXT, exchange, HEADERS)
    const span = this.#startSpan(this.#tracer, exchange, parent, startTime)
    exchange.span = span
    if (parent === ROOT_CONTEXT && !hasIds(span)) return
    exchange.rpc = createRpcMetadata(span)
    exchange.context = layContext(parent, span, RPC_METADATA, exchange.rpc)
    exchange.bindContext()
  }

  #startSpan(tracer: Tracer, exchange: Exchange, parent: Context, startTime: number | undefined): Span {
    this.#starting = exchange
    try {
      const options = startTime === undefined ? this.#options : { ...this.#options, startTime, [READ_TICK]: undefined }
      return tracer.startSpan(spanMethod(exchange), options, parent)
    } finally {
      this.#starting = undefined
    }
  }
}

/** Whether it is settled whose span a request has, or that it has none. */
function isBegun(exchange: Exchange): boolean {
  return exchange.span !== undefined || exchange.spanIsForeign || exchange.settled
}

/** Whether `emit` is what all emitters have, so that nothing of others can begin a span in it. */
function isNodes(emit: Emit): boolean {
  return emit === EventEmitter.prototype.emit
}

/** Reads the few headers that are asked for, without having Node parse all of them. */
const HEADERS: TextMapGetter<Exchange> = {
  get: (exchange, name) => exchange.header(name),
  keys: (exchange) => Object.keys(exchange.headers),
}

/** The name of a span of an unknown method is `HTTP`, so that names stay few. */
function spanMethod({ knownMethod }: Exchange): string {
  return knownMethod === '_OTHER' ? 'HTTP' : knownMethod
}
