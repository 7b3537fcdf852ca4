import { OTHER } from './bounded-names.ts'
import { announceTools, knownNames } from './known-names.ts'
import type { KnownNames } from './known-names.ts'
import { fieldsOf, textOf } from './message.ts'
import type { Fields, RpcMessage, RpcNotification } from './message.ts'
import { protocolVersionOf } from './protocol-version.ts'
import type { Registry } from './registry.ts'
import type { TargetKind } from './route.ts'
import { startSession } from './session.ts'
import type { Session } from './session.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import { sessionIdOf } from './transport-facts.ts'
import type { TransportFacts } from './transport-facts.ts'

/** Names of the side that serves the requests. */
export type ServedNames = Readonly<Record<TargetKind, KnownNames>>

interface Hello {
  readonly peer: Fields
  readonly started: number
}

/** What both sides of a connection have agreed on, and told each other, so far. */
export class Agreement {
  readonly role: 'server' | 'client'
  readonly #telemetry: ProtocolTelemetry
  readonly #facts: TransportFacts
  readonly #transport: object
  readonly #registry: Registry
  #server: string
  #names: ServedNames
  #version = ''
  #hello: Hello | undefined
  #session: Session | undefined

  constructor(
    telemetry: ProtocolTelemetry,
    facts: TransportFacts,
    protocol: object,
    transport: object,
    registry: Registry,
  ) {
    const fields = fieldsOf(protocol)
    this.#telemetry = telemetry
    this.#facts = facts
    this.#transport = transport
    this.#registry = registry
    this.role = '_clientInfo' in fields ? 'client' : 'server'
    this.#server = this.role === 'server' ? (textOf(fieldsOf(fields['_serverInfo'])['name']) ?? 'unknown') : ''
    this.#names = this.#namesOf(this.#server)
    const tools = this.role === 'server' && telemetry.recordsExecutions ? registry('tools') : undefined
    if (tools !== undefined) announceTools(telemetry, this.#server, Object.keys(tools))
  }

  /** Name of the server; of a client's, once that has told it. */
  get server(): string {
    return this.#server
  }

  /** Tools and prompts of the server. */
  get names(): ServedNames {
    return this.#names
  }

  /** The revision of the protocol; empty until it is known. */
  get version(): string {
    return this.#version
  }

  /** Makes a tool known that was registered after the connection was made. */
  announce(tool: string): void {
    if (tool === OTHER || this.#telemetry.announced.get(this.#server)?.has(tool) === true) return
    if (this.#registry('tools') !== undefined) announceTools(this.#telemetry, this.#server, [tool])
  }

  /** A request or notification goes either way. */
  opens(message: RpcNotification, extra: unknown): void {
    this.#setVersion(protocolVersionOf(message, extra))
    if (message.method === 'initialize')
      this.#hello = { peer: fieldsOf(fieldsOf(message.params)['clientInfo']), started: performance.now() }
  }

  /** The answer to a request of that method goes either way. */
  answers(method: string, answer: RpcMessage): void {
    if (!('result' in answer)) return
    if (method === 'tools/list') this.#names.tool.told(fieldsOf(answer.result)['tools'])
    else if (method === 'prompts/list') this.#names.prompt.told(fieldsOf(answer.result)['prompts'])
    else if (method === 'initialize') this.#agreed(fieldsOf(answer.result))
    else if (method === 'server/discover') this.#met(fieldsOf(fieldsOf(answer.result)['serverInfo']))
  }

  /** The connection has closed. */
  end(): void {
    this.#session?.end()
  }

  /** Over HTTP there is a session only if it has an id. */
  #agreed(result: Fields): void {
    const server = fieldsOf(result['serverInfo'])
    this.#setVersion(result['protocolVersion'])
    this.#met(server)
    if (this.#hello === undefined || this.#session !== undefined) return
    if (this.#facts.kind === 'http' && sessionIdOf(this.#transport) === undefined) return
    const { peer, started } = this.#hello
    this.#session = startSession({
      telemetry: this.#telemetry,
      facts: this.#facts,
      role: this.role,
      version: this.#version,
      peer: this.role === 'client' ? server : peer,
      started,
    })
  }

  #met({ name: told }: Fields): void {
    const name = textOf(told)
    if (this.role === 'server' || name === undefined || name === this.#server) return
    this.#server = name
    this.#names = this.#namesOf(name)
  }

  #namesOf(server: string): ServedNames {
    const names = (kind: 'tools' | 'prompts') =>
      knownNames(this.#telemetry, `${this.role} ${server}`, kind, () => this.#registry(kind))
    return { tool: names('tools'), prompt: names('prompts') }
  }

  #setVersion(version: unknown): void {
    if (typeof version !== 'string' || version === this.#version || !/^\d{4}-\d{2}-\d{2}$/.test(version)) return
    this.#version = this.#telemetry.bounds.version(version)
  }
}
