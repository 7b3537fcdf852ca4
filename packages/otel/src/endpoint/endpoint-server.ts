import { once } from 'node:events'
import type * as Http from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type * as Net from 'node:net'

import type { Config } from '@mcp/otel-core'
import { ignoreServer } from '@mcp/otel-http-instrumentation'
import { diag } from '@opentelemetry/api'

import { reasonOf } from '../diagnostics/diag-text.ts'
import { requestPath, type EndpointHandler } from './create-handler.ts'
import { answerText } from './plain-text.ts'
import { endSilentConnections } from './silent-connections.ts'

const require = createRequire(import.meta.url)

const HEADERS_TIMEOUT_MILLIS = 5000
const REQUEST_TIMEOUT_MILLIS = 10_000
/** How often connections are held to these, which wakes the process; until its first request, a connection has a timer of its own. */
const CHECK_MILLIS = 60_000
/** Longer than scrapes usually are apart, so that Prometheus keeps its connection. */
const KEEP_ALIVE_MILLIS = 75_000

/** The endpoint on its own port. */
export interface EndpointServer {
  /** Where it listens; `undefined` until it does, and when it cannot. */
  readonly url: string | undefined
  /** Resolves with `url` once it is known; never rejects. */
  readonly ready: Promise<string | undefined>
  /** The server itself, so that instrumentations can leave it out. */
  readonly server: Server
  close(): Promise<void>
}

/** Opens the endpoint. It never keeps the process alive, and when it cannot listen it says so and the app runs on. */
export function openEndpoint(
  config: Config['endpoint'],
  handler: EndpointHandler,
  paths: readonly string[],
): EndpointServer {
  // Not imported above: it must be loaded after the instrumentation of HTTP clients.
  const { createServer } = require('node:http') as typeof Http
  const timeouts = {
    headersTimeout: HEADERS_TIMEOUT_MILLIS,
    requestTimeout: REQUEST_TIMEOUT_MILLIS,
    keepAliveTimeout: KEEP_ALIVE_MILLIS,
    connectionsCheckingInterval: CHECK_MILLIS,
  }
  const server = createServer(timeouts, (request, response) => {
    if (!handler(request, response)) answerOther(request, response, paths.join('\n'))
  })
  ignoreServer(server)
  server.maxConnections = config.maxConnections
  server.on('connection', (socket) => socket.unref())
  endSilentConnections(server, REQUEST_TIMEOUT_MILLIS)

  let url: string | undefined
  let isClosed = false
  const { promise: ready, resolve } = Promise.withResolvers<string | undefined>()
  server.on('listening', () => {
    // Closed while the name of the host was looked up.
    if (isClosed) server.close()
    else resolve((url = urlOf(server.address() as AddressInfo)))
  })
  server.on('error', (error) => {
    if (!isClosed) diag.error(notServed(config, error))
    resolve(undefined)
  })
  // It begins to listen once the start is over: who watches servers is to know whose it is.
  process.nextTick(() => {
    if (!isClosed) listen(server, { host: config.host, port: config.port })
  })
  return {
    server,
    ready,
    get url() {
      return url
    },
    async close() {
      isClosed = true
      resolve(undefined)
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      url = undefined
      await closed
    },
  }
}

type Address = Pick<Config['endpoint'], 'host' | 'port'>

function listen(server: Server, address: Address): void {
  try {
    server.listen(boundSocket(address) ?? { ...address, exclusive: true }).unref()
  } catch (error) {
    server.emit('error', error)
  }
}

/**
 * Binds an address where Node.js can by itself: asked to listen on one, it loads its resolver, and compiles what tells addresses of
 * version 6 apart. What cannot be bound is left to `listen()`, which resolves names and says what is wrong.
 */
function boundSocket({ host, port }: Address): Net.BoundSocket | undefined {
  const { BoundSocket } = require('node:net') as Partial<typeof Net>
  try {
    return BoundSocket && new BoundSocket({ host, port })
  } catch {
    return undefined
  }
}

function answerOther(request: IncomingMessage, response: ServerResponse, paths: string): void {
  if (requestPath(request.url) !== '/') return answerText(request, response, 404, `not found; there is\n${paths}`)
  if (request.method === 'GET' || request.method === 'HEAD') return answerText(request, response, 200, paths)
  answerText(request, response, 405, 'use GET or HEAD', { Allow: 'GET, HEAD' })
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}

function notServed({ host, port }: Config['endpoint'], error: NodeJS.ErrnoException): string {
  const because: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} on ${host} is in use; set MCP_OTEL_PORT to a free one, or to 0 for any`,
    EACCES: `this user may not listen on port ${port}; set MCP_OTEL_PORT to one from 1024 on`,
    EADDRNOTAVAIL: `${host} is no address of this machine; set MCP_OTEL_HOST to one that is`,
    ENOTFOUND: `${host} is not known; set MCP_OTEL_HOST to an address of this machine`,
  }
  const reason = because[error.code ?? ''] ?? reasonOf(error)
  return `/metrics and /health are not served: ${reason}; the app runs on`
}
