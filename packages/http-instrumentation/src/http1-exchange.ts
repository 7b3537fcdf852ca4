import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import { activeContext } from '@mcp/otel-core'
import { context as contextApi } from '@opentelemetry/api'

import { EXCHANGE, Exchange } from './exchange.ts'
import type { Emit, Emitter, EventArguments, ExchangeCarrier } from './exchange.ts'
import { rawHeader } from './raw-header.ts'
import type { RequestTracker } from './request-tracker.ts'
import { clientHasLeft, onceClosed } from './socket-end.ts'

/** The exchanges that wait on a socket behind another one. */
const QUEUED: unique symbol = Symbol.for('@mcp/otel/http-queued-exchanges')

interface ServerSocket extends Socket {
  [QUEUED]?: Set<Exchange>
  _httpMessage?: ServerResponse | null
  encrypted?: boolean
}

/** Node's own `emit`, as long as nobody has put another in its place before: only of Node's it is known that it does no more. */
const NODES_EMIT = nodesOwn((EventEmitter.prototype as Emitter).emit)

/** A request that Node's HTTP/1 parser handed to a server with a response object. */
export class Http1Exchange extends Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  override readonly socket: ServerSocket
  readonly emitOfRequest: Emit
  readonly emitOfResponse: Emit
  readonly #isQueued: boolean

  constructor(tracker: RequestTracker, request: IncomingMessage, response: ServerResponse, socket: Socket) {
    super(tracker, request.method ?? '', request.url ?? '')
    this.request = request
    this.response = response
    this.socket = socket
    this.emitOfRequest = (request as Emitter).emit
    this.emitOfResponse = (response as Emitter).emit
    ;(request as ExchangeCarrier)[EXCHANGE] = this
    ;(response as ExchangeCarrier)[EXCHANGE] = this
    response.emit = emitOfResponse
    this.#isQueued = Boolean(this.socket._httpMessage)
    if (this.#isQueued) settleWithSocket(this.socket, this)
  }

  override get hasOwnCall(): boolean {
    return true
  }

  override get protocolVersion(): string {
    return this.request.httpVersion
  }

  override get headers(): IncomingMessage['headers'] {
    return this.request.headers
  }

  override header(name: string): string | string[] | undefined {
    return rawHeader(this.request, name)
  }

  override get sentStatus(): number | undefined {
    return this.response.headersSent ? this.response.statusCode : undefined
  }

  override get isComplete(): boolean {
    return this.response.writableFinished
  }

  override get clientLeft(): boolean {
    return clientHasLeft(this.socket, this.response.errored)
  }

  override get responseError(): unknown {
    return this.response.errored
  }

  override settle(): void {
    if (this.settled) return
    if (this.#isQueued) this.socket[QUEUED]?.delete(this)
    super.settle()
  }

  override bindContext(): void {
    this.request.emit = emitOfRequest
  }
}

// Shared functions that find their exchange by `this` cost less than closures, and need no listener that an application could count.
// Most of these events come to nobody, or to Node alone. Arguments that are only handed on are never made an array.
function emitOfRequest(this: Emitter, ...args: EventArguments): boolean {
  const exchange = (this as ExchangeCarrier)[EXCHANGE] as Http1Exchange
  const { context, emitOfRequest: emit } = exchange
  const listeners = listenersOf(this, args[0])
  if (listeners === undefined && isSilent(emit, args[0])) return false
  // Node awaits the end of most requests when they are answered, by the same function each time; it needs no context for it.
  return context === undefined || listeners === exchange.tracker.nodes.end || context === activeContext()
    ? Reflect.apply(emit, this, args)
    : contextApi.with(context, emit, this, ...args)
}

function emitOfResponse(this: Emitter, ...args: EventArguments): boolean {
  const exchange = (this as ExchangeCarrier)[EXCHANGE] as Http1Exchange
  if (args[0] === 'finish' || args[0] === 'close') exchange.settle()
  const { context, emitOfResponse: emit } = exchange
  if (listenersOf(this, args[0]) === undefined && isSilent(emit, args[0])) return false
  const teaches = args[0] === 'finish' && exchange.tracker.nodes.end === undefined && isNodesAlone(exchange)
  const isHeard =
    context === undefined || context === activeContext()
      ? Reflect.apply(emit, this, args)
      : contextApi.with(context, emit, this, ...args)
  if (teaches) learnNodesListener(exchange)
  return isHeard
}

/** Who listens to an event; Node's own events by their names, which V8 finds in a tenth of the time of any name. */
function listenersOf({ _events: events }: Emitter, event: string | symbol): unknown {
  if (events === undefined) return undefined
  switch (event) {
    case 'end':
      return events['end']
    case 'close':
      return events['close']
    case 'finish':
      return events['finish']
    case 'prefinish':
      return events['prefinish']
    case 'readable':
      return events['readable']
    case 'resume':
      return events['resume']
    default:
      return events[event]
  }
}

/** Whether an event that nobody listens to comes to nothing: unless somebody replaced `emit`, or it is an error. */
function isSilent(emit: Emit, event: string | symbol): boolean {
  return emit === NODES_EMIT && event !== 'error'
}

/** Returns a function if it is Node's `emit`, told by a symbol that only Node's code knows. */
function nodesOwn(emit: Emit): Emit | undefined {
  return Function.prototype.toString.call(emit).includes('kErrorMonitor') ? emit : undefined
}

function isNodesAlone({ request, response }: Http1Exchange): boolean {
  return response.listenerCount('finish') === 1 && request.listenerCount('end') === 0
}

function learnNodesListener({ request, tracker }: Http1Exchange): void {
  if (request.listenerCount('end') === 1) tracker.nodes.end = request.listeners('end')[0]
}

/** A pipelined response that is still waiting when its connection ends gets no event of its own. */
function settleWithSocket(socket: ServerSocket, exchange: Exchange): void {
  const queued = socket[QUEUED]
  if (queued !== undefined) {
    queued.add(exchange)
    return
  }
  const first = new Set([exchange])
  socket[QUEUED] = first
  onceClosed(socket, () => {
    for (const waiting of first) waiting.settle()
  })
}
