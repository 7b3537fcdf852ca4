import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'

import { EXCHANGE, Exchange } from './exchange.ts'
import type { Emit, Emitter, EventArguments, ExchangeCarrier, PeerSocket } from './exchange.ts'
import type { RequestTracker } from './request-tracker.ts'

// INTERNAL_ERROR, REFUSED_STREAM, ENHANCE_YOUR_CALM, HTTP_1_1_REQUIRED; loading node:http2 for their names would cost
// every process its start-up time.
const SERVER_REASONS = new Set([2, 7, 11, 13])

/** A request on an HTTP/2 stream, for the stream API and the compatibility API alike. */
export class Http2Exchange extends Exchange {
  readonly request: ServerHttp2Stream
  override readonly headers: IncomingHttpHeaders
  override readonly protocolVersion = '2'
  override readonly hasOwnCall = false
  readonly emitOfStream: Emit
  readonly #session: Http2Session | undefined

  constructor(tracker: RequestTracker, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    super(tracker, headers[':method'] ?? '', headers[':path'] ?? headers[':authority'] ?? '')
    this.request = stream
    this.headers = headers
    this.#session = stream.session
    this.emitOfStream = (stream as Emitter).emit
    ;(stream as ExchangeCarrier)[EXCHANGE] = this
    stream.emit = emitOfStream
  }

  override header(name: string): string | string[] | undefined {
    return this.headers[name]
  }

  override get socket(): PeerSocket | undefined {
    // The socket of a session that has ended must not be read.
    return this.#session === undefined || this.#session.destroyed ? undefined : this.#session.socket
  }

  override get sentStatus(): number | undefined {
    const status = this.request.sentHeaders?.[':status']
    return typeof status === 'number' ? status : undefined
  }

  override get isComplete(): boolean {
    return this.request.writableFinished && !this.request.aborted
  }

  /** A stream does not tell who reset it, but the code does: these reasons are a server's. */
  override get clientLeft(): boolean {
    return !SERVER_REASONS.has(this.request.rstCode)
  }

  override get responseError(): unknown {
    const errored: NodeJS.ErrnoException | null = this.request.errored
    // Node's own error says no more than the reset itself.
    return errored?.code === 'ERR_HTTP2_STREAM_ERROR' ? undefined : errored
  }

  /** The stream's `emit` is ours from the start. */
  override bindContext(): void {}
}

function emitOfStream(this: Emitter, ...args: EventArguments): boolean {
  const exchange = (this as ExchangeCarrier)[EXCHANGE] as Http2Exchange
  if (args[0] === 'close') exchange.settle()
  return exchange.emit(exchange.emitOfStream, this, args)
}
