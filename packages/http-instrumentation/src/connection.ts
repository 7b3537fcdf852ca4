import type { Socket } from 'node:net'

import { processWide } from '@mcp/otel-core'

import type { RequestTracker } from './request-tracker.ts'
import { onceClosed } from './socket-end.ts'

interface MaybeTlsSocket extends Socket {
  /** The TCP socket under a TLS socket. */
  readonly _parent?: Socket | null
}

/**
 * The connections that are counted: not told by a property of theirs, as V8 has Node's functions meet few kinds of objects at full
 * speed, and sockets with one more property are one more kind.
 */
const counted = processWide('http-counted-connections', () => new WeakSet<Socket>())

/** Counts a connection, until it is closed; one that is counted already is not counted again. */
export function countConnection(socket: MaybeTlsSocket, tracker: RequestTracker): void {
  if (counted.has(socket) || socket.destroyed) return
  const { _parent: parent } = socket
  if (parent && counted.has(parent)) return
  counted.add(socket)
  onceClosed(socket, tracker.connect())
}
