import { trace } from '@opentelemetry/api'
import type { Attributes, Context } from '@opentelemetry/api'

import { fieldsOf } from './message.ts'

/**
 * Returns the address of a client as the span of the HTTP request around its message tells it: an SDK of this protocol does
 * not pass it on.
 */
export function peerAttributes(ambient: Context): Attributes {
  const told = fieldsOf(fieldsOf(trace.getSpan(ambient))['attributes'])
  const [address, version] = [told['client.address'] ?? told['network.peer.address'], told['network.protocol.version']]
  const attributes: Attributes = {}
  if (typeof version === 'string') attributes['network.protocol.version'] = version
  if (typeof address !== 'string') return attributes
  attributes['client.address'] = address
  // Behind a proxy the peer's port is the proxy's.
  const port = told['client.port'] ?? (address === told['network.peer.address'] ? told['network.peer.port'] : undefined)
  if (typeof port === 'number') attributes['client.port'] = port
  return attributes
}
