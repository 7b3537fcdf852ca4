import type { EventEmitter } from 'node:events'
import { performance } from 'node:perf_hooks'

import { createErrorInstruments, createEventRecorder, createInstruments } from '@mcp/otel-core'
import type { AttributesOf, ErrorInstruments, EventRecorder, Instruments } from '@mcp/otel-core'
import { ROOT_CONTEXT } from '@opentelemetry/api'

import type { Emit, EventArguments, Exchange, PeerSocket } from './exchange.ts'
import { failureOf } from './failure.ts'
import type { FaultLog } from './fault-log.ts'
import type { HttpServerInstrumentationConfig } from './http-server-config.ts'
import { httpInstruments } from './instruments.ts'
import { routeOf } from './route-of.ts'
import { createRouteFinder } from './route-template.ts'
import type { RouteFinder } from './route-template.ts'
import { ServerSpans } from './server-spans.ts'
import { VERSION } from './version.ts'

/** `endpoint` of a request that no route matched. */
export const UNMATCHED = 'unmatched'

const SCOPE = '@mcp/otel-http-instrumentation'

/** Records what the exchanges of one instrumentation tell: metrics, spans, and the access log's hook. */
export class RequestTracker {
  readonly config: HttpServerInstrumentationConfig
  readonly faults: FaultLog
  /** What Node itself listens with to the events of requests. */
  readonly nodes: { end: unknown } = { end: undefined }
  readonly #spans: ServerSpans
  readonly #instruments: Instruments<typeof httpInstruments>
  readonly #recordRequest: EventRecorder<AttributesOf<typeof httpInstruments.requests>>
  readonly #errors: ErrorInstruments['errors']
  readonly #findRoute: RouteFinder | undefined
  /** By status: to make a number's text takes as long as to find its series. */
  readonly #statusTexts: string[] = []

  constructor(config: HttpServerInstrumentationConfig, faults: FaultLog) {
    this.config = config
    this.faults = faults
    const { meterProvider } = config
    this.#instruments = createInstruments(httpInstruments, {
      scope: SCOPE,
      version: VERSION,
      isSound: true,
      meterProvider,
    })
    const { requests, requestDuration } = this.#instruments
    this.#recordRequest = createEventRecorder(requests, requestDuration)
    this.#errors = createErrorInstruments(meterProvider).errors
    this.#findRoute = config.routes?.length ? createRouteFinder(config.routes) : undefined
    this.#spans = new ServerSpans(SCOPE, VERSION, config)
    this.#instruments.activeRequests.zero()
    this.#instruments.activeConnections.zero()
  }

  /** Counts a request as being handled, until its exchange is settled; one that the application ignores is left out. */
  begin(exchange: Exchange): void {
    if (this.#ignores(exchange)) {
      exchange.settled = true
      this.#spans.suppress(exchange)
    } else {
      this.#instruments.activeRequests.add(1)
    }
  }

  /** Makes a request's server span active for the rest of Node's call; false where its event has to be emitted by `emit`. */
  enter(exchange: Exchange, emit: Emit): boolean {
    return this.#spans.enter(exchange, emit)
  }

  /** Emits a request's event to its handlers, inside its server span. */
  emit(exchange: Exchange, emit: Emit, server: EventEmitter, args: EventArguments): boolean {
    return this.#spans.emit(exchange, emit, server, args)
  }

  /** Sees each connection as it opens, also those of servers that are ignored. */
  meet(socket: PeerSocket): void {
    this.#spans.meet(socket)
  }

  /** Counts a connection; returns what counts its end. */
  connect(): () => void {
    const { activeConnections } = this.#instruments
    activeConnections.add(1)
    return () => activeConnections.add(-1)
  }

  /** Records an exchange that has come to its end. */
  finish(exchange: Exchange): void {
    this.#instruments.activeRequests.add(-1)
    try {
      this.#record(exchange)
    } catch (error) {
      this.faults.report('recording a request', error)
    }
  }

  /** Counts what was no readable request but was answered: it has neither a route nor a beginning. */
  refused(status: number): void {
    this.#instruments.requests.add(1, { method: '_OTHER', endpoint: UNMATCHED, status: String(status) })
  }

  #record(exchange: Exchange): void {
    const endedAt = performance.now()
    const durationMs = endedAt - exchange.startedAt
    const { status } = exchange
    const route = this.#routeOf(exchange, status)
    const failure = failureOf(exchange, status)
    try {
      this.#spans.end(exchange, endedAt, status, route, failure)
    } catch (error) {
      this.faults.report('ending a server span', error)
    }
    const { context = ROOT_CONTEXT } = exchange
    const { knownMethod: method } = exchange
    const endpoint = route ?? UNMATCHED
    this.#recordRequest(
      durationMs / 1000,
      { method, endpoint, status: (this.#statusTexts[status] ??= String(status)) },
      context,
    )
    if (failure) this.#errors.add(1, { source: 'http', type: failure.type }, context)
    const { onRequest } = this.config
    if (onRequest === undefined) return
    const info = { method: exchange.method, path: exchange.path, route, status, durationMs, context }
    this.faults.guard('the option onRequest', () => onRequest(info))
  }

  #ignores(exchange: Exchange): boolean {
    const { ignore } = this.config
    if (ignore === undefined) return false
    return this.faults.guard('the option ignore', () => ignore(exchange.request, exchange)) === true
  }

  #routeOf(exchange: Exchange, status: number): string | undefined {
    const { route } = this.config
    const chosen = route && this.faults.guard('the option route', () => route(exchange.request, exchange))
    return (
      routeOf(exchange, status, typeof chosen === 'string' ? chosen : undefined) ?? this.#findRoute?.(exchange.path)
    )
  }
}
