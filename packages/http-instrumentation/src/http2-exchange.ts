import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'

import { EXCHANGE, Exchange } from './exchange.ts'
import type { Emit, Emitter, ExchangeCarrier, PeerSocket } from './exchange.ts'
import type { RequestTracker } from './request-tracker.ts'

// As nghttp2 numbers them; loading node:http2 for two constants would cost every process its start-up time.
const NGHTTP2_NO_ERROR = 0
const NGHTTP2_INTERNAL_ERROR = 2

/** A request on an HTTP/2 stream, for the stream API and the compatibility API alike. */
export class Http2Exchange extends Exchange {
  readonly request: ServerHttp2Stream
  override readonly headers: IncomingHttpHeaders
  override readonly protocolVersion = '2'
  readonly emitOfStream: Emit

  constructor(tracker: RequestTracker, stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    super(tracker, headers[':method'] ?? '', headers[':path'] ?? headers[':authority'] ?? '')
    this.request = stream
    this.headers = headers
    this.emitOfStream = (stream as Emitter).emit
    ;(stream as ExchangeCarrier)[EXCHANGE] = this
    stream.emit = emitOfStream
  }

  override header(name: string): string | undefined {
    const value = this.headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  override get socket(): PeerSocket | undefined {
    return this.request.session?.socket
  }

  override get sentStatus(): number | undefined {
    const status = this.request.sentHeaders?.[':status']
    return typeof status === 'number' ? status : undefined
  }

  override get isComplete(): boolean {
    return this.request.writableFinished && !this.request.aborted
  }

  override get clientLeft(): boolean {
    const { rstCode } = this.request
    return rstCode !== NGHTTP2_NO_ERROR && rstCode !== NGHTTP2_INTERNAL_ERROR
  }

  override get responseError(): unknown {
    return this.request.errored
  }

  /** The stream's `emit` is ours from the start. */
  override bindContext(): void {}
}

function emitOfStream(this: unknown, event: string | symbol, ...args: unknown[]): boolean {
  const exchange = (this as ExchangeCarrier)[EXCHANGE] as Http2Exchange
  if (event === 'close') exchange.settle()
  return exchange.emit(exchange.emitOfStream, this, [event, ...args])
}
