import type { Attributes } from '@opentelemetry/api'

import type { Exchange } from './exchange.ts'
import { requestQuery } from './request-path.ts'

const FORWARDED_FOR = /(?:^|[;,])\s*for="?\[?([^\]",;\s]+)/i
const FORWARDED_PROTO = /(?:^|[;,])\s*proto="?([a-z]+)/i
const FORWARDED_HOST = /(?:^|[;,])\s*host="?([^",;\s]+)/i

type Headers = Exchange['headers']

/** Returns what gives the attributes that the HTTP conventions ask of a server span at its start. */
export function createRequestAttributes(
  redact: ((query: string) => string) | undefined,
): (exchange: Exchange) => Attributes {
  const addServer = createServerAttributes()
  return (exchange) => {
    const { headers, knownMethod, method, path, protocolVersion, socket } = exchange
    const forwarded = first(headers['forwarded'])
    // What is the same for most requests comes first, so that an exporter can copy it from the span before in one piece.
    const attributes: Attributes = {
      'http.request.method': knownMethod,
      'url.scheme': scheme(headers, forwarded, socket?.encrypted === true),
      'network.protocol.version': protocolVersion,
    }
    addServer(attributes, hostOf(headers, forwarded))
    const peer = socket?.remoteAddress
    if (peer !== undefined) attributes['network.peer.address'] = peer
    const client = nearest(matched(FORWARDED_FOR, forwarded)) ?? nearest(first(headers['x-forwarded-for'])) ?? peer
    if (client !== undefined) attributes['client.address'] = client
    const userAgent = first(headers['user-agent'])
    if (userAgent !== undefined) attributes['user_agent.original'] = userAgent
    if (knownMethod === '_OTHER') attributes['http.request.method_original'] = method
    attributes['url.path'] = path
    const query = redact && requestQuery(exchange.target)
    if (redact && query !== undefined) attributes['url.query'] = redact(query)
    const port = peer === undefined ? undefined : socket?.remotePort
    if (port !== undefined) attributes['network.peer.port'] = port
    return attributes
  }
}

function scheme(headers: Headers, forwarded: string | undefined, isEncrypted: boolean): string {
  const proto = matched(FORWARDED_PROTO, forwarded) ?? nearest(first(headers['x-forwarded-proto']))
  return proto?.toLowerCase() ?? (isEncrypted ? 'https' : 'http')
}

function hostOf(headers: Headers, forwarded: string | undefined): string | undefined {
  return (
    matched(FORWARDED_HOST, forwarded) ??
    nearest(first(headers['x-forwarded-host'])) ??
    first(headers[':authority']) ??
    first(headers['host'])
  )
}

/** A server is nearly always called by the same name, so that the last one is kept as it was read. */
function createServerAttributes(): (attributes: Attributes, host: string | undefined) => void {
  let last: string | undefined
  let address = ''
  let port = Number.NaN
  return (attributes, host) => {
    if (host === undefined || host === '') return
    if (host !== last) {
      const colon = host.lastIndexOf(':')
      const hasPort = colon > host.lastIndexOf(']')
      address = hasPort ? host.slice(0, colon) : host
      port = hasPort ? Number(host.slice(colon + 1)) : Number.NaN
      last = host
    }
    attributes['server.address'] = address
    if (Number.isInteger(port)) attributes['server.port'] = port
  }
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

function matched(pattern: RegExp, header: string | undefined): string | undefined {
  return header === undefined ? undefined : pattern.exec(header)?.[1]
}

/** The first of a list of proxies is the one nearest to the client. */
function nearest(header: string | undefined): string | undefined {
  const value = header?.split(',', 1)[0]?.trim()
  return value === '' ? undefined : value
}
