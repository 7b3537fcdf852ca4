import type { Duplex } from 'node:stream'

/** Whether a socket ended from the client's side: it said goodbye, or its connection broke. */
export function clientHasLeft(socket: Duplex, ownError?: unknown): boolean {
  if (socket.readableEnded) return true
  const { errored } = socket
  // An error of a system call is the connection's; any other was given to `destroy` by the server.
  return errored !== null && errored !== ownError && 'syscall' in errored
}
