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

/**
 * Finds out by a transport's class, or, where a bundler has renamed that, by what it is made of; where that says nothing,
 * by the transports within it: frameworks and other instrumentations put theirs around the SDK's.
 */
export function transportFacts(transport: object): TransportFacts {
  const [of, kind] = knownKind(transport)
  const url = fieldsOf(of)['_url']
  const { hostname, port } =
    url instanceof URL ? { hostname: url.hostname, port: portOf(url) } : { hostname: '', port: '' }
  return {
    kind,
    network: NETWORK[kind],
    protocol: PROTOCOL[kind],
    address: hostname,
    port,
    ownsStdout: kind === 'stdio' && [...layersOf(of)].some((layer) => fieldsOf(layer)['_stdout'] === process.stdout),
  }
}

function portOf(url: URL): string {
  return url.port || (/^(?:https|wss):$/.test(url.protocol) ? '443' : '80')
}

function knownKind(transport: object): [of: object, kind: TransportFacts['kind']] {
  for (const layer of layersOf(transport)) {
    const kind = kindOf(className(layer), fieldsOf(layer))
    if (kind !== 'other') return [layer, kind]
  }
  return [transport, 'other']
}

/** Yields a transport and those within it, from the outside in. */
function* layersOf(transport: object): Generator<object, void, undefined> {
  const layers = new Set([transport])
  for (const layer of layers) {
    yield layer
    for (const field of Object.values(layer)) if (isTransport(field)) layers.add(field)
  }
}

function isTransport(value: unknown): value is object {
  const { send, start } = fieldsOf(value)
  return typeof send === 'function' && typeof start === 'function'
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
