import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Ends connections that have sent no whole head of a request within `millis`, by a timer that is there only while one is waited for. */
export function endSilentConnections(server: Server, millis: number): void {
  const timers = new WeakMap<Socket, NodeJS.Timeout>()
  server.on('connection', (socket) => {
    const timer = setTimeout(() => socket.destroy(), millis).unref()
    timers.set(socket, timer)
    socket.once('close', () => clearTimeout(timer))
  })
  server.on('request', ({ socket }) => clearTimeout(timers.get(socket)))
}
