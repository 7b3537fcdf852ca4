import { fieldsOf, textOf } from './message.ts'
import type { Fields } from './message.ts'

/** How messages travel, as the conventions name it; empty where it does not apply. */
export interface TransportFacts {
  readonly kind: 'stdio' | 'http' | 'websocket' | 'memory' | 'other'
  readonly network: '' | 'pipe' | 'tcp'
  readonly protocol: '' | 'http' | 'websocket'
  /** The server's address, where it is a client that speaks. */
  readonly address: string
  readonly port: string
  /** Is this the server's end of the process' own standard output? */
  readonly ownsStdout: boolean
}

const NETWORK = { stdio: 'pipe', http: 'tcp', websocket: 'tcp', memory: '', other: '' } as const
const PROTOCOL = { stdio: '', http: 'http', websocket: 'websocket', memory: '', other: '' } as const

/** Finds out by a transport's class, or, where a bundler has renamed that, by what it is made of. */
export function transportFacts(transport: object): TransportFacts {
  const fields = fieldsOf(transport)
  const kind = kindOf(className(transport), fields)
  const url = fields['_url'] instanceof URL ? fields['_url'] : undefined
  const port = url === undefined ? '' : url.port || (/^(?:https|wss):$/.test(url.protocol) ? '443' : '80')
  return {
    kind,
    network: NETWORK[kind],
    protocol: PROTOCOL[kind],
    address: url?.hostname ?? '',
    port,
    ownsStdout: kind === 'stdio' && [fields, ...Object.values(fields)].some(writesToStdout),
  }
}

/** Has the SDK's transport, or one within another, standard output to write to? */
function writesToStdout(transport: unknown): boolean {
  return fieldsOf(transport)['_stdout'] === process.stdout
}

/** Returns the session's id of a transport, which may come to have one only later. */
export function sessionIdOf(transport: object): string | undefined {
  return textOf(fieldsOf(transport)['sessionId'])
}

function kindOf(name: string, fields: Fields): TransportFacts['kind'] {
  if (/WebSocket/i.test(name)) return 'websocket'
  if (/Stdio/i.test(name)) return 'stdio'
  if (/HTTP|SSE/i.test(name)) return 'http'
  if (/Memory/i.test(name)) return 'memory'
  if ('_stdin' in fields || '_serverParams' in fields) return 'stdio'
  if ('_otherTransport' in fields) return 'memory'
  if (fields['_url'] instanceof URL || 'handleRequest' in fields || 'handleMessage' in fields) return 'http'
  return 'other'
}

function className(transport: object): string {
  const { name } = fieldsOf(transport.constructor)
  const own: unknown = typeof transport.constructor === 'function' ? transport.constructor.name : name
  return typeof own === 'string' ? own : ''
}
