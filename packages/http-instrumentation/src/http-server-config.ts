import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest, ServerHttp2Stream } from 'node:http2'

import type { Context, MeterProvider, TracerProvider } from '@opentelemetry/api'

/** What the callbacks of the options are given: the request, or the stream of an HTTP/2 request. */
export type ObservedRequest = IncomingMessage | Http2ServerRequest | ServerHttp2Stream

/** One request that has come to its end, as the access log wants it. */
export interface RequestInfo {
  /** Method as the client sent it. */
  readonly method: string
  /** Path as the client sent it, without the query. */
  readonly path: string
  /** Route template; undefined if none matched. */
  readonly route: string | undefined
  /** Status as sent; 499 if the client left, 444 if the server closed, before there was one. */
  readonly status: number
  readonly durationMs: number
  /** Context of the request, with its span if there is one. */
  readonly context: Context
}

/** What a request asks for, as the client sent it: also for HTTP/2 streams, which have no `url`. */
export type RequestTarget = Pick<RequestInfo, 'method' | 'path'>

/** Options of `HttpServerInstrumentation`. */
export interface HttpServerInstrumentationConfig {
  /** Whether the constructor enables the instrumentation; default true. */
  readonly enabled?: boolean
  /** `own`: a server span per request, unless another instrumentation makes it; `off`: none of ours. Default `own`. */
  readonly spans?: 'own' | 'off'
  /** Route templates of servers without a router, such as `/users/:id` or `/files/*`; the first that matches counts. */
  readonly routes?: readonly string[]
  /** Returns the route template of a request; undefined leaves it to the router and to `routes`. */
  readonly route?: (request: ObservedRequest, target: RequestTarget) => string | undefined
  /** Requests for which this returns true are neither counted nor traced, nor is what their handlers do. */
  readonly ignore?: (request: ObservedRequest, target: RequestTarget) => boolean
  /** Whether spans carry `url.query`, with secrets replaced by `REDACTED`; default true. */
  readonly captureQuery?: boolean
  /** Names of further query parameters whose values are replaced. */
  readonly redactQuery?: readonly string[]
  /** Called with every request that has come to its end. */
  readonly onRequest?: (info: RequestInfo) => void
  /** Provider to use; default: the global one, also when it is registered only later. */
  readonly meterProvider?: MeterProvider
  /** Provider to use; default: the global one, also when it is registered only later. */
  readonly tracerProvider?: TracerProvider
}
