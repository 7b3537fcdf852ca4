import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import { EXCHANGE, Exchange } from './exchange.ts'
import type { ExchangeCarrier, PeerSocket } from './exchange.ts'
import { rawHeader } from './raw-header.ts'
import type { RequestTracker } from './request-tracker.ts'
import { clientHasLeft, onceClosed } from './socket-end.ts'
import { onStatusLine } from './status-line.ts'

/** An HTTP/1 upgrade or CONNECT: the application answers on the bare socket, and what follows is no HTTP any more. */
export class UpgradeExchange extends Exchange {
  readonly request: IncomingMessage
  readonly #socket: Duplex

  constructor(tracker: RequestTracker, request: IncomingMessage, socket: Duplex) {
    super(tracker, request.method ?? '', request.url ?? '')
    this.request = request
    this.#socket = socket
    onceClosed(socket, () => this.settle())
    onStatusLine(socket, (status) => {
      this.statusOnWire = status
      this.settle()
    })
    ;(request as ExchangeCarrier)[EXCHANGE] = this
  }

  override get hasOwnCall(): boolean {
    return false
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

  override get socket(): PeerSocket {
    return this.#socket as PeerSocket
  }

  override get sentStatus(): number | undefined {
    return this.statusOnWire
  }

  override get isComplete(): boolean {
    return this.statusOnWire !== undefined
  }

  override get clientLeft(): boolean {
    return clientHasLeft(this.#socket)
  }

  override get responseError(): unknown {
    return this.#socket.errored
  }

  /** The socket outlives the exchange, so its events do not belong to it. */
  override bindContext(): void {}
}
