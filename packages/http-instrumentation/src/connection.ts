import type { Socket } from 'node:net'

import type { RequestTracker } from './request-tracker.ts'

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
  const disconnect = tracker.connect()
  // The application's listeners must not reach the warning about too many one listener earlier.
  const limit = socket.getMaxListeners()
  if (limit !== 0) socket.setMaxListeners(limit + 1)
  socket.once('close', disconnect)
}
