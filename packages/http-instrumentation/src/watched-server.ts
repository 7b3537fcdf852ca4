import type { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'

import { EXCHANGE, exchangeOf } from './exchange.ts'
import type { Emit, Emitter, EventArguments, Exchange, ExchangeCarrier } from './exchange.ts'
import { Http2Exchange } from './http2-exchange.ts'
import { isIgnoredServer } from './ignore-server.ts'
import type { Observer } from './observer.ts'
import { activeObserver } from './observer.ts'
import type { RequestTracker } from './request-tracker.ts'
import { onStatusLine } from './status-line.ts'
import { UpgradeExchange } from './upgrade-exchange.ts'

const WATCHED: unique symbol = Symbol.for('@mcp/otel/http-watched-server')

/** Whether a server speaks HTTP: by the methods that only such servers have, so that none of their modules is loaded for it. */
export function isHttpServer(server: unknown): server is EventEmitter {
  if (typeof server !== 'object' || server === null) return false
  const { closeIdleConnections, updateSettings } = server as Record<string, unknown>
  return typeof closeIdleConnections === 'function' || typeof updateSettings === 'function'
}

/**
 * Makes a server's events of requests run in the requests' contexts, and sees what no channel tells: upgrades and
 * requests that Node refuses. It is the one instance's `emit` that is wrapped, no module's. Returns whether the server
 * was new.
 */
export function watchServer(server: EventEmitter): boolean {
  if (WATCHED in server) return false
  const own = Object.hasOwn(server, 'emit') ? (server as Emitter).emit : undefined
  // Looked up each time, since another instrumentation may replace the prototype's later.
  const originalOf = (): Emit => own ?? (Object.getPrototypeOf(server) as Emitter).emit
  const emitRarer = function (this: unknown, ...args: EventArguments): boolean {
    const exchange = exchangeOfEvent(server, args)
    return exchange === undefined
      ? Reflect.apply(originalOf(), this, args)
      : exchange.tracker.emit(exchange, originalOf(), server, args)
  }
  const emit = function (this: unknown, ...args: EventArguments): boolean {
    const exchange = args[0] === 'request' ? (args[1] as ExchangeCarrier | undefined)?.[EXCHANGE] : undefined
    const original = originalOf()
    return exchange?.tracker.enter(exchange, original)
      ? Reflect.apply(original, this, args)
      : Reflect.apply(emitRarer, this, args)
  }
  Object.defineProperty(server, WATCHED, { value: true })
  Object.defineProperty(server, 'emit', { value: emit, configurable: true, writable: true, enumerable: false })
  return true
}

function exchangeOfEvent(server: EventEmitter, args: EventArguments): Exchange | undefined {
  const [event] = args
  switch (event) {
    case 'request':
    case 'checkContinue':
    case 'checkExpectation':
      return exchangeOf(args[1])
    case 'stream':
    case 'upgrade':
    case 'connect':
      return exchangeOf(args[1]) ?? newExchange(server, event, args.slice(1))
    case 'clientError':
      noteClientError(server, args.slice(1))
      return undefined
    default:
      return undefined
  }
}

function newExchange(server: EventEmitter, event: string, args: unknown[]): Exchange | undefined {
  const observer = activeObserver()
  if (observer === undefined || isIgnoredServer(server)) return undefined
  const create = (tracker: RequestTracker): Exchange =>
    event === 'stream'
      ? new Http2Exchange(
          tracker,
          args[0] as ServerHttp2Stream,
          args[1] as ConstructorParameters<typeof Http2Exchange>[2],
        )
      : new UpgradeExchange(tracker, args[0] as IncomingMessage, args[1] as Duplex)
  // An application may emit such an event itself, with what is no request and no socket.
  return observer.faults.guard(`watching what the event ${event} brings`, () => observer.begin(create))
}

/** A socket of Node's HTTP server knows the response that it is sending. */
type ServerSocket = Duplex & { readonly _httpMessage?: ServerResponse | null }

/** Node, or the application, answers a request that cannot be read or took too long on the bare socket. */
function noteClientError(server: EventEmitter, args: unknown[]): void {
  const observer: Observer | undefined = activeObserver()
  const [error, socket] = args as [(Error & { code?: string }) | undefined, ServerSocket | undefined]
  if (observer === undefined || socket === undefined || isIgnoredServer(server)) return
  if (!socket.writable || error?.code === 'ECONNRESET') return
  const current = socket._httpMessage
  if (current?.headersSent) return
  const exchange = exchangeOf(current)
  observer.faults.guard('watching a refused request', () =>
    onStatusLine(socket, (status) => {
      if (status === undefined) return
      if (exchange === undefined) observer.refused(status)
      else exchange.statusOnWire ??= status
    }),
  )
}
