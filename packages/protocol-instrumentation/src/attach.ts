import { Connection } from './connection.ts'
import { fieldsOf } from './message.ts'
import type { Fields } from './message.ts'
import { observeHandlers } from './observe-handlers.ts'
import { observeTasks } from './observe-tasks.ts'
import { protocolState, telemetryOf } from './protocol-state.ts'
import { claimStdio } from './stdio.ts'
import { guarded, say } from './telemetry.ts'
import { wrapMethod } from './wrap-method.ts'
import type { AnyMethod } from './wrap-method.ts'

/** Is about to hand a transport to a server or a client: once it starts, all that it carries is observed. */
export function prepare(protocol: object, transport: unknown): void {
  if (typeof transport !== 'object' || transport === null || telemetryOf(protocol) === undefined) return
  const { starting } = protocolState()
  const isPrepared = starting.has(transport)
  starting.set(transport, protocol)
  if (isPrepared) return
  const before = Reflect.getOwnPropertyDescriptor(transport, 'start')
  const isWrapped = wrapMethod(
    transport,
    'start',
    (start) =>
      function (...args) {
        const owner = starting.get(transport)
        starting.delete(transport)
        // What was there before may itself be a stand-in that undoes itself when it is called.
        if (before === undefined) Reflect.deleteProperty(transport, 'start')
        else Reflect.defineProperty(transport, 'start', before)
        if (owner !== undefined) guarded('a connection', () => attach(owner, transport))
        return Reflect.apply(start, this, args)
      },
  )
  if (isWrapped) return
  starting.delete(transport)
  say('a transport could not be observed: its methods cannot be replaced; what it carries goes on unobserved')
}

/** Observes a transport that has been handed to a server or a client, from now on. */
export function attach(protocol: object, transport: object): void {
  const telemetry = telemetryOf(protocol)
  const { ofProtocol, onTransport } = protocolState()
  if (telemetry === undefined) return
  const known = onTransport.get(transport)
  if (known !== undefined && known === ofProtocol.get(protocol) && !known.isClosed) return
  known?.close()
  const connection = new Connection(telemetry, protocol, transport, (kind) => registryOf(protocol, kind))
  observeSend(transport)
  observeReceive(transport, connection)
  ofProtocol.set(protocol, connection)
  onTransport.set(transport, connection)
  observeHandlers(protocol)
  observeTasks(protocol)
  if (connection.facts.ownsStdout && connection.role === 'server') claimStdio(telemetry)
}

function observeSend(transport: object): void {
  const { onTransport, sends } = protocolState()
  if (sends.has(transport)) return
  wrapMethod(transport, 'send', (send) => {
    sends.set(transport, send)
    return function (message, ...rest) {
      const pass = (sent: unknown): unknown => Reflect.apply(send, this, [sent, ...rest])
      const connection = onTransport.get(transport)
      if (connection === undefined || typeof message !== 'object' || message === null) return pass(message)
      return connection.send(message, rest[0], pass)
    }
  })
}

/** The callbacks of a transport are properties that its owner has set before it starts. */
function observeReceive(transport: object, connection: Connection): void {
  const { onclose, onmessage } = fieldsOf(transport)
  const received = function (this: unknown, message: unknown, ...rest: unknown[]): unknown {
    const pass = (): unknown => Reflect.apply(onmessage as AnyMethod, this, [message, ...rest])
    if (typeof message !== 'object' || message === null) return pass()
    return connection.receive(message, rest[0], pass)
  }
  const closed = function (this: unknown, ...args: unknown[]): unknown {
    guarded('a close', () => connection.close())
    return typeof onclose === 'function' ? Reflect.apply(onclose, this, args) : undefined
  }
  Object.assign(transport, { onclose: closed, ...(typeof onmessage === 'function' && { onmessage: received }) })
}

/** The registry of an `McpServer` around a server, which names its tools and prompts. */
function registryOf(protocol: object, kind: 'tools' | 'prompts'): Fields | undefined {
  const fields = fieldsOf(protocolState().around.get(protocol))
  const registry = fields[kind === 'tools' ? '_registeredTools' : '_registeredPrompts']
  return typeof registry === 'object' && registry !== null ? (registry as Fields) : undefined
}
