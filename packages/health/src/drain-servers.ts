import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Health } from './create-health.ts'
import { trackSessions } from './http2-sessions.ts'
import type { Http2Sessions } from './http2-sessions.ts'

/** What of a server of `node:http`, `node:https` or `node:http2` is used. */
export interface DrainableServer {
  readonly listening: boolean
  close(closed: () => void): unknown
  listenerCount(event: string): number
  prependListener(event: string, listener: (...parameters: never[]) => void): unknown
  /** HTTP/2 has sessions instead. */
  closeIdleConnections?(): void
  closeAllConnections?(): void
}

export interface DrainServersOptions {
  readonly servers: readonly DrainableServer[]
  /** How long to go on serving with readiness at 503, so that whoever sends requests has noticed, ms. Default 5000. */
  readonly gracePeriod?: number
  /** How long after that requests in flight may take before they are cut off, ms. Default 10000. */
  readonly timeout?: number
}

/** How often connections that have become idle are closed, ms. */
const SWEEP = 50

/**
 * Takes servers out of service without dropping a request: readiness is 503 at once, all else is served through the grace
 * period with `Connection: close`, or GOAWAY, then no connection is accepted and those in flight are waited for.
 * Returns whether all of them ended by themselves. HTTP/2 sessions that were idle before and stay so are left to the
 * server's own `close()`; `drainOnSignal()` knows them from its call on.
 */
export async function drainServers(health: Pick<Health, 'drain'>, options: DrainServersOptions): Promise<boolean> {
  return drainTracked(health, options, options.servers.map(trackSessions))
}

/** Drains servers whose HTTP/2 sessions, in the same order, have been known for longer. */
export async function drainTracked(
  health: Pick<Health, 'drain'>,
  { servers, gracePeriod = 5000, timeout = 10_000 }: DrainServersOptions,
  sessions: readonly Http2Sessions[],
): Promise<boolean> {
  for (const server of servers) sendElsewhere(server)
  for (const each of sessions) each.sendElsewhere()
  await health.drain(gracePeriod)
  const closed = await Promise.all(servers.map((server, index) => closeServer(server, sessions[index], timeout)))
  return closed.every(Boolean)
}

/** A client that keeps a connection would send its next request on it just as it is closed. */
function sendElsewhere(server: DrainableServer): void {
  // An HTTP/2 server without such a listener would answer in another way from the first one on.
  if (server.listenerCount('request') === 0) return
  server.prependListener('request', ({ httpVersionMajor }: IncomingMessage, response: ServerResponse) => {
    if (httpVersionMajor === 1 && !response.headersSent) response.setHeader('connection', 'close')
  })
}

function closeServer(server: DrainableServer, sessions: Http2Sessions | undefined, timeout: number): Promise<boolean> {
  if (!server.listening) return Promise.resolve(true)
  return new Promise((resolve) => {
    const sweep = setInterval(() => server.closeIdleConnections?.(), SWEEP)
    const end = (isClean: boolean): void => {
      clearInterval(sweep)
      clearTimeout(cut)
      resolve(isClean)
    }
    const cut = setTimeout(() => {
      server.closeAllConnections?.()
      sessions?.destroy()
      end(false)
    }, timeout)
    server.close(() => end(true))
    sessions?.close()
  })
}
