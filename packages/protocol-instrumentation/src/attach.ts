import { Connection } from './connection.ts'
import { observeHandlers } from './observe-handlers.ts'
import { observeTasks } from './observe-tasks.ts'
import { protocolState, telemetryOf } from './protocol-state.ts'
import type { Carrier } from './protocol-state.ts'
import { claimStdio } from './stdio.ts'
import { guarded, say } from './telemetry.ts'
import { callbacksOf, rememberCallbacks } from './transport-callbacks.ts'
import type { TransportCallbacks } from './transport-callbacks.ts'
import { wrapMethod } from './wrap-method.ts'
import type { AnyMethod } from './wrap-method.ts'

/** Is about to hand a transport to a server or a client: once it starts, all that it carries is observed. */
export function prepare(protocol: object, transport: unknown): void {
  if (typeof transport !== 'object' || transport === null || telemetryOf(protocol) === undefined) return
  const { starting, wrapped } = protocolState()
  rememberCallbacks(transport)
  starting.set(transport, protocol)
  const current: unknown = Reflect.getOwnPropertyDescriptor(transport, 'start')?.value
  // It stays for good: an object from which a property has been deleted is a slow one from then on, for each message.
  if (typeof current === 'function' && wrapped.has(current)) return
  const isWrapped = wrapMethod(transport, 'start', (start) => {
    const observed: AnyMethod = function (...args) {
      const owner = starting.get(transport)
      starting.delete(transport)
      if (owner !== undefined) guarded('a connection', () => attach(owner, transport))
      return Reflect.apply(start, this, args)
    }
    wrapped.add(observed)
    return observed
  })
  if (isWrapped) return
  starting.delete(transport)
  say('a transport could not be observed: its methods cannot be replaced; what it carries goes on unobserved')
}

/** Observes a transport that has been handed to a server or a client, from now on. */
export function attach(protocol: object, transport: object): void {
  const telemetry = telemetryOf(protocol)
  const { around, carriers } = protocolState()
  if (telemetry === undefined) return
  const known = carriers.get(transport)?.connection
  if (known !== undefined && known === carriers.get(protocol)?.connection && !known.isClosed) return
  const callbacks = callbacksOf(transport)
  if (callbacks === undefined) {
    say('a transport is not observed: it does not tell its callbacks; observe its server or client before it connects')
    return
  }
  known?.close()
  const owner = around.get(protocol)
  const connection = new Connection(telemetry, protocol, transport, owner)
  carrierOf(transport, (carrier) => observeSend(transport, carrier)).connection = connection
  carrierOf(protocol, (carrier) => observeHandlers(protocol, owner, carrier)).connection = connection
  observeReceive(transport, callbacks, connection)
  observeTasks(protocol)
  if (connection.facts.ownsStdout && connection.role === 'server') claimStdio(telemetry)
}

/** Finds what keeps the connection of an object, which is observed when there is none yet. */
function carrierOf(of: object, observe: (carrier: Carrier) => void): Carrier {
  const { carriers } = protocolState()
  const known = carriers.get(of)
  if (known !== undefined) return known
  const carrier: Carrier = { connection: undefined }
  carriers.set(of, carrier)
  observe(carrier)
  return carrier
}

function observeSend(transport: object, carrier: Carrier): void {
  wrapMethod(
    transport,
    'send',
    (send) =>
      function (...args) {
        const [message] = args
        const { connection } = carrier
        if (connection === undefined || typeof message !== 'object' || message === null)
          return Reflect.apply(send, this, args)
        return connection.send(message, send, this, args)
      },
  )
}

/** The callbacks of a transport are properties that its owner has set before it starts. */
function observeReceive(transport: object, { onclose, onmessage }: TransportCallbacks, connection: Connection): void {
  const pass = onmessage as AnyMethod
  const received: AnyMethod = function (...args) {
    const [message] = args
    if (typeof message !== 'object' || message === null) return Reflect.apply(pass, this, args)
    return connection.receive(message, pass, this, args)
  }
  const closed = function (this: unknown, ...args: unknown[]): unknown {
    guarded('a close', () => connection.close())
    return typeof onclose === 'function' ? Reflect.apply(onclose, this, args) : undefined
  }
  Object.assign(transport, { onclose: closed, ...(typeof onmessage === 'function' && { onmessage: received }) })
}
