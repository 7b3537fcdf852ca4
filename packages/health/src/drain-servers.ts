import type { Server } from 'node:http'

import type { Health } from './create-health.ts'

/** What of a `node:http` or `node:https` server is used. */
export type DrainableServer = Pick<
  Server,
  'close' | 'closeIdleConnections' | 'closeAllConnections' | 'prependListener' | 'listening'
>

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
 * period with `Connection: close`, then no connection is accepted and those in flight are waited for.
 * Returns whether all of them ended by themselves.
 */
export async function drainServers(health: Pick<Health, 'drain'>, options: DrainServersOptions): Promise<boolean> {
  const { servers, gracePeriod = 5000, timeout = 10_000 } = options
  // A client that keeps a connection would send its next request on it just as it is closed.
  for (const server of servers) {
    server.prependListener('request', (_request, response) => {
      if (!response.headersSent) response.setHeader('connection', 'close')
    })
  }
  await health.drain(gracePeriod)
  const closed = await Promise.all(servers.map((server) => closeServer(server, timeout)))
  return closed.every(Boolean)
}

function closeServer(server: DrainableServer, timeout: number): Promise<boolean> {
  if (!server.listening) return Promise.resolve(true)
  return new Promise((resolve) => {
    let isClean = true
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP)
    const cut = setTimeout(() => {
      isClean = false
      server.closeAllConnections()
    }, timeout)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(cut)
      resolve(isClean)
    })
  })
}
