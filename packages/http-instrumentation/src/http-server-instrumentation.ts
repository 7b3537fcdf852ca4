import { channel } from 'node:diagnostics_channel'
import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'

import { metrics, trace } from '@opentelemetry/api'
import type { MeterProvider, TracerProvider } from '@opentelemetry/api'

import { checkConfig } from './check-config.ts'
import { countConnection } from './connection.ts'
import { EXCHANGE } from './exchange.ts'
import type { Exchange } from './exchange.ts'
import { FaultLog } from './fault-log.ts'
import { observeExpressRoute } from './frameworks/express-route.ts'
import { observeFastify } from './frameworks/fastify-route.ts'
import { observeKoa } from './frameworks/koa-route.ts'
import type { HttpServerInstrumentationConfig } from './http-server-config.ts'
import { Http1Exchange } from './http1-exchange.ts'
import { Http2Exchange } from './http2-exchange.ts'
import { isIgnoredServer } from './ignore-server.ts'
import { activeObserver, addObserver, removeObserver } from './observer.ts'
import type { Observer } from './observer.ts'
import { RequestTracker } from './request-tracker.ts'
import { VERSION } from './version.ts'
import { isHttpServer, watchServer } from './watched-server.ts'

/**
 * Metrics and server spans of every HTTP server in the process, through Node's diagnostics channels: no module is
 * patched, so CommonJS, ESM, HTTP/2 and every framework are covered. It is an OpenTelemetry `Instrumentation`: give it
 * to `NodeSDK`'s `instrumentations`, or use it alone; the constructor enables it. Enabled twice, it counts once.
 */
export class HttpServerInstrumentation {
  readonly instrumentationName: string = '@mcp/otel-http-instrumentation'
  readonly instrumentationVersion: string = VERSION
  readonly #faults = new FaultLog()
  readonly #observer: Observer
  #config: HttpServerInstrumentationConfig
  #tracker: RequestTracker
  #unsubscribe: (() => void) | undefined

  constructor(config: HttpServerInstrumentationConfig = {}) {
    this.#config = { enabled: true, ...checkConfig(config) }
    this.#tracker = new RequestTracker(this.#config, this.#faults)
    this.#observer = {
      faults: this.#faults,
      begin: (create) => this.#begin(create),
      refused: (status) => this.#tracker.refused(status),
    }
    if (this.#config.enabled) this.enable()
  }

  /** Starts observing, from the next request on. */
  enable(): void {
    if (this.#unsubscribe) return
    addObserver(this.#observer)
    const unsubscribes = [
      this.#on<{ socket: Socket }>('net.server.socket', (message) => this.#onSocket(message.socket)),
      this.#on<RequestStart>('http.server.request.start', (message) => this.#onRequest(message)),
      this.#on<StreamStart>('http2.server.stream.start', (message) => this.#onStream(message)),
      ...observeFastify((name, onMessage) => this.#on(name, onMessage)),
    ]
    this.#unsubscribe = () => {
      for (const unsubscribe of unsubscribes) unsubscribe()
      removeObserver(this.#observer)
    }
  }

  /** Stops observing; requests and connections under way are still counted to their end. */
  disable(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }

  /** Returns the options in force. */
  getConfig(): HttpServerInstrumentationConfig {
    return this.#config
  }

  /** Replaces the options, from the next request on; providers that are not given stay. */
  setConfig(config: HttpServerInstrumentationConfig): void {
    const { enabled, meterProvider, tracerProvider } = this.#config
    this.#configure({
      ...(enabled !== undefined && { enabled }),
      ...(meterProvider && { meterProvider }),
      ...(tracerProvider && { tracerProvider }),
      ...checkConfig(config),
    })
  }

  /** Replaces the global provider, from the next request on; the global one itself is followed anyway, also when it changes. */
  setTracerProvider(tracerProvider: TracerProvider): void {
    if (tracerProvider === trace.getTracerProvider()) return
    this.#configure({ ...this.#config, tracerProvider })
  }

  /** Replaces the global provider, from the next request on; the global one itself is followed anyway, also when it changes. */
  setMeterProvider(meterProvider: MeterProvider): void {
    if (meterProvider === metrics.getMeterProvider()) return
    this.#configure({ ...this.#config, meterProvider })
  }

  #configure(config: HttpServerInstrumentationConfig): void {
    this.#config = config
    this.#tracker = new RequestTracker(config, this.#faults)
  }

  /** An error thrown by a subscriber would end the process, so none gets out. */
  #on<M>(name: string, onMessage: (message: M) => void): () => void {
    const subscriber = (message: unknown) => {
      if (activeObserver() !== this.#observer) return
      try {
        onMessage(message as M)
      } catch (error) {
        this.#faults.report(`the subscriber of ${name}`, error)
      }
    }
    channel(name).subscribe(subscriber)
    return () => channel(name).unsubscribe(subscriber)
  }

  #onSocket(socket: Socket & { server?: unknown }): void {
    const { server } = socket
    if (!isHttpServer(server)) return
    this.#tracker.meet(socket)
    if (isIgnoredServer(server)) return
    this.#watch(server)
    countConnection(socket, this.#tracker)
  }

  #onRequest({ request, response, socket, server }: RequestStart): void {
    if (EXCHANGE in request || isIgnoredServer(server)) return
    const tracker = this.#tracker
    this.#watch(server)
    countConnection(socket, tracker)
    tracker.begin(new Http1Exchange(tracker, request, response, socket))
    observeExpressRoute(request)
  }

  #watch(server: EventEmitter): void {
    if (watchServer(server)) observeKoa()
  }

  #onStream({ stream, headers }: StreamStart): void {
    // Streams with even numbers are the server's own pushes, not requests.
    if (EXCHANGE in stream || (stream.id ?? 0) % 2 === 0) return
    this.#tracker.begin(new Http2Exchange(this.#tracker, stream, headers))
  }

  #begin(create: (tracker: RequestTracker) => Exchange): Exchange {
    const exchange = create(this.#tracker)
    this.#tracker.begin(exchange)
    return exchange
  }
}

interface RequestStart {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly socket: Socket
  readonly server: EventEmitter
}

interface StreamStart {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
}
