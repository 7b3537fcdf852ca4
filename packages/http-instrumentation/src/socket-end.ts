import type { Duplex } from 'node:stream'

/** Whether a socket ended from the client's side: it said goodbye, or its connection broke. */
export function clientHasLeft(socket: Duplex, ownError?: unknown): boolean {
  if (socket.readableEnded) return true
  const { errored } = socket
  // An error of a system call is the connection's; any other was given to `destroy` by the server.
  return errored !== null && errored !== ownError && 'syscall' in errored
}

/** Calls back once a socket is closed, without bringing the application's listeners nearer to Node's warning about too many. */
export function onceClosed(socket: Duplex, callback: () => void): void {
  const limit = socket.getMaxListeners()
  if (limit !== 0) socket.setMaxListeners(limit + 1)
  socket.once('close', callback)
}
