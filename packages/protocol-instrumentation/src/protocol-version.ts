import { fieldsOf } from './message.ts'
import type { RpcMessage } from './message.ts'

const VERSION_META = 'io.modelcontextprotocol/protocolVersion'
const VERSION_HEADER = 'mcp-protocol-version'

/** Returns the revision of the protocol that a message says it is of: in its envelope, or in the header of its request. */
export function protocolVersionOf(message: RpcMessage, extra: unknown): unknown {
  const { _meta: meta } = fieldsOf(message.params)
  const claimed = meta === undefined ? undefined : fieldsOf(meta)[VERSION_META]
  if (claimed !== undefined || extra === undefined) return claimed
  const { request, requestInfo } = fieldsOf(extra)
  const { headers } = fieldsOf(requestInfo ?? request)
  if (headers === undefined) return undefined
  return headers instanceof Headers ? headers.get(VERSION_HEADER) : fieldsOf(headers)[VERSION_HEADER]
}
