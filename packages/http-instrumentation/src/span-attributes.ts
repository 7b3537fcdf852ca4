import type { Attributes } from '@opentelemetry/api'

import type { Exchange } from './exchange.ts'
import { requestMethod } from './request-method.ts'
import { requestQuery } from './request-path.ts'

const FORWARDED_FOR = /(?:^|[;,])\s*for="?\[?([^\]",;\s]+)/i
const FORWARDED_PROTO = /(?:^|[;,])\s*proto="?([a-z]+)/i
const FORWARDED_HOST = /(?:^|[;,])\s*host="?([^",;\s]+)/i

/** Returns the attributes that the HTTP conventions ask of a server span at its start. */
export function requestAttributes(exchange: Exchange, redact: ((query: string) => string) | undefined): Attributes {
  const { socket, method } = exchange
  const known = requestMethod(method)
  const forwarded = exchange.header('forwarded')
  const attributes: Attributes = {
    'http.request.method': known,
    'url.path': exchange.path,
    'url.scheme': scheme(exchange, forwarded),
    'network.protocol.version': exchange.protocolVersion,
  }
  if (known === '_OTHER') attributes['http.request.method_original'] = method
  const query = redact && requestQuery(exchange.target)
  if (redact && query !== undefined) attributes['url.query'] = redact(query)
  const userAgent = exchange.header('user-agent')
  if (userAgent !== undefined) attributes['user_agent.original'] = userAgent
  addServer(attributes, exchange, forwarded)
  const peer = socket?.remoteAddress
  if (peer !== undefined) {
    attributes['network.peer.address'] = peer
    if (socket?.remotePort !== undefined) attributes['network.peer.port'] = socket.remotePort
  }
  const client = firstOf(forwarded && FORWARDED_FOR.exec(forwarded)?.[1]) ?? firstOf(exchange.header('x-forwarded-for'))
  if (client !== undefined || peer !== undefined) attributes['client.address'] = client ?? peer
  return attributes
}

function scheme(exchange: Exchange, forwarded: string | undefined): string {
  const proto = (forwarded && FORWARDED_PROTO.exec(forwarded)?.[1]) ?? firstOf(exchange.header('x-forwarded-proto'))
  return proto?.toLowerCase() ?? (exchange.socket?.encrypted ? 'https' : 'http')
}

function addServer(attributes: Attributes, exchange: Exchange, forwarded: string | undefined): void {
  const host =
    (forwarded && FORWARDED_HOST.exec(forwarded)?.[1]) ??
    firstOf(exchange.header('x-forwarded-host')) ??
    exchange.header(':authority') ??
    exchange.header('host')
  if (host === undefined || host === '') return
  const colon = host.lastIndexOf(':')
  const hasPort = colon > host.lastIndexOf(']')
  const port = hasPort ? Number(host.slice(colon + 1)) : Number.NaN
  attributes['server.address'] = hasPort ? host.slice(0, colon) : host
  if (Number.isInteger(port)) attributes['server.port'] = port
}

/** The first of a list of proxies is the one nearest to the client. */
function firstOf(header: string | undefined): string | undefined {
  const first = header?.split(',', 1)[0]?.trim()
  return first === '' ? undefined : first
}
