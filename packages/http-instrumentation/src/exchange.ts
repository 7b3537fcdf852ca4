import { performance } from 'node:perf_hooks'
import { inspect } from 'node:util'

import { activeContext } from '@mcp/otel-core'
import { context as contextApi } from '@opentelemetry/api'
import type { Context, Span } from '@opentelemetry/api'

import type { ExpressState } from './frameworks/express-route.ts'
import type { ObservedRequest } from './http-server-config.ts'
import type { RequestMethod } from './instruments.ts'
import { requestMethod } from './request-method.ts'
import { requestPath } from './request-path.ts'
import type { RequestTracker } from './request-tracker.ts'
import type { RpcMetadata } from './rpc-metadata.ts'

/** Where a request, its response or its stream keeps its exchange; registered, since two builds can be loaded. */
export const EXCHANGE: unique symbol = Symbol.for('@mcp/otel/http-exchange')

/** An object that may belong to an exchange. */
export interface ExchangeCarrier {
  [EXCHANGE]?: Exchange
}

/** What `emit` of an event emitter takes. */
export type EventArguments = [event: string | symbol, ...args: unknown[]]

/** `emit` of an event emitter. */
export type Emit = (this: unknown, ...args: EventArguments) => boolean

/** What is used of an event emitter. */
export interface Emitter {
  emit: Emit
  listenerCount(event: string | symbol): number
  /** Of each event that somebody listens to, the listener or a list of them: to count them takes as long as to emit to them. */
  readonly _events?: Readonly<Record<string | symbol, unknown>>
}

/** The client went away before a response (as nginx says it). */
export const CLIENT_CLOSED_REQUEST = 499
/** The server closed the connection without a response (as nginx says it). */
export const NO_RESPONSE = 444

/** One request and its response, from its first sight until it is settled: counted, and its span ended. */
export abstract class Exchange {
  readonly startedAt: number = performance.now()
  readonly tracker: RequestTracker
  /** Method as the client sent it. */
  readonly method: string
  /** Method as label value. */
  readonly knownMethod: RequestMethod
  /** Request target as the client sent it: routers rewrite `req.url`. */
  readonly target: string
  /** Route that the application set by hand. */
  explicitRoute: string | undefined
  /** Route that a framework's router matched. */
  frameworkRoute: string | undefined
  /** Path under which the handler that is running is mounted. */
  mount: string | undefined
  /** Path of the last middleware that ran, where a router does not tell whether it was the one to answer. */
  middleware: string | undefined
  /** What Express' router set on the request. */
  express: ExpressState | undefined
  /** Error that a framework reported for this request. */
  error: unknown
  /** Status that Node sent without a response object. */
  statusOnWire: number | undefined
  /** Context of the handlers; none as long as there is nothing to carry. */
  context: Context | undefined
  span: Span | undefined
  rpc: RpcMetadata | undefined
  /** Whether something else makes the server span of this request. */
  spanIsForeign = false
  settled = false

  constructor(tracker: RequestTracker, method: string, target: string) {
    this.tracker = tracker
    this.method = method
    this.knownMethod = requestMethod(method)
    this.target = target
  }

  abstract readonly protocolVersion: string
  /** Object that options' callbacks take. */
  abstract readonly request: ObservedRequest
  /** All values of a header, as Node joins them, by its name in lower case. */
  abstract header(name: string): string | string[] | undefined
  abstract readonly headers: Readonly<Record<string, string | string[] | undefined>>
  abstract readonly socket: PeerSocket | undefined
  /** Status as sent, or undefined as long as none was. */
  abstract readonly sentStatus: number | undefined
  /** Whether the response was sent to its end. */
  abstract readonly isComplete: boolean
  /** Whether it was the client that ended the exchange. */
  abstract readonly clientLeft: boolean
  /** Error that the response was destroyed with. */
  abstract readonly responseError: unknown
  /** Whether its first event is emitted by a call of Node's that does nothing else after it. */
  abstract readonly hasOwnCall: boolean
  /** Makes the events of this exchange's emitters run in its context. */
  abstract bindContext(): void

  /** Path without query, as the client sent it. */
  get path(): string {
    return requestPath(this.target)
  }

  /** Final status: as sent, or what stands for a response that never was. */
  get status(): number {
    return this.sentStatus ?? this.statusOnWire ?? (this.clientLeft ? CLIENT_CLOSED_REQUEST : NO_RESPONSE)
  }

  /** Counts the exchange; every call but the first does nothing. */
  settle(): void {
    if (this.settled) return
    this.settled = true
    this.tracker.finish(this)
  }

  /** Keeps `console.log(request)` what it is: an exchange leads to everything else. */
  [inspect.custom](): string {
    return '[exchange of @mcp/otel]'
  }

  /** Emits an event in this exchange's context; one that nobody listens to, or that happens in it anyway, enters none. */
  emit(emit: Emit, emitter: Emitter, args: EventArguments): boolean {
    const { context } = this
    return context === undefined || emitter.listenerCount(args[0]) === 0 || context === activeContext()
      ? Reflect.apply(emit, emitter, args)
      : contextApi.with(context, emit, emitter, ...args)
  }
}

/** What is read of a socket. */
export interface PeerSocket {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
  readonly localPort?: number | undefined
  readonly encrypted?: boolean | undefined
}

/** Returns the exchange of a request, response or stream, HTTP/1 or HTTP/2. */
export function exchangeOf(carrier: unknown): Exchange | undefined {
  if (typeof carrier !== 'object' || carrier === null) return undefined
  // What is not there is looked for on all prototypes, so only HTTP/2's objects are asked for their stream.
  return (carrier as ExchangeCarrier)[EXCHANGE] ?? (carrier as { stream?: ExchangeCarrier | null }).stream?.[EXCHANGE]
}
