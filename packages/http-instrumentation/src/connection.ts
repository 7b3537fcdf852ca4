import type { Socket } from 'node:net'

import type { RequestTracker } from './request-tracker.ts'
import { onceClosed } from './socket-end.ts'

const COUNTED: unique symbol = Symbol.for('@mcp/otel/http-counted-connection')

interface CountedSocket extends Socket {
  [COUNTED]?: true
  /** The TCP socket under a TLS socket. */
  readonly _parent?: CountedSocket | null
}

/** Counts a connection, until it is closed; one that is counted already is not counted again. */
export function countConnection(socket: CountedSocket, tracker: RequestTracker): void {
  if (socket[COUNTED] || socket._parent?.[COUNTED] || socket.destroyed) return
  socket[COUNTED] = true
  onceClosed(socket, tracker.connect())
}
