import { overlay } from '@mcp/otel-core'
import { ROOT_CONTEXT } from '@opentelemetry/api'

import { recordEntryAnswer } from './entry-answer.ts'
import { fieldsOf, isRequest, isRequestId, isResponse } from './message.ts'
import type { RpcMessage } from './message.ts'
import type { McpOptions } from './options.ts'
import { CANCELLED, SUCCESS, answerOutcome } from './outcome-of.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { protocolState } from './protocol-state.ts'
import type { Undelivered } from './protocol-state.ts'
import { protocolVersionOf } from './protocol-version.ts'
import { guarded, say, telemetryFor } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import { originOf } from './trace-meta.ts'
import { transportFacts } from './transport-facts.ts'
import type { AnyMethod } from './wrap-method.ts'

const LISTEN = 'subscriptions/listen'

/**
 * Observes what `serveStdio` answers on a transport without a server: requests that it refuses, and subscriptions. Returns
 * the transport, for its option `transport`.
 */
export function instrumentWire<T extends object>(transport: T, options?: McpOptions): T {
  guarded('a transport', () => {
    const { wrapped } = protocolState()
    const { start } = fieldsOf(transport)
    if (typeof start !== 'function' || wrapped.has(transport)) return
    wrapped.add(transport)
    const telemetry = telemetryFor(options)
    const observed: AnyMethod = function (...args) {
      guarded('a transport', () => observeWire(transport, telemetry))
      return Reflect.apply(start, this, args)
    }
    if (overlay(transport, new Map([['start', observed]])) === undefined)
      say('a transport could not be observed: its methods cannot be replaced; what is refused there goes on unobserved')
  })
  return transport
}

/** The callbacks of a transport are properties that its owner has set before it starts. */
function observeWire(transport: object, telemetry: ProtocolTelemetry): void {
  const { onclose, onmessage, send } = fieldsOf(transport)
  if (typeof onmessage !== 'function' || typeof send !== 'function') return
  const facts = transportFacts(transport)
  const waiting: Undelivered = new Map()
  const settle = (id: unknown, outcome: RpcOutcome): void => {
    const entry = isRequestId(id) ? waiting.get(id) : undefined
    if (entry === undefined) return
    const { began, message } = entry
    waiting.delete(message.id)
    const origin = { ...originOf(message, ROOT_CONTEXT, telemetry.options.trustRemote), began }
    recordEntryAnswer({ telemetry, facts, message, version: protocolVersionOf(message, undefined), origin }, outcome)
  }
  const received = (message: RpcMessage): void => {
    if (isRequest(message)) {
      waiting.set(message.id, { message, began: performance.now() })
      protocolState().undelivered.set(message, waiting)
    } else if (message.method === 'notifications/cancelled') {
      // That is how a client ends a subscription.
      settle(fieldsOf(message.params)['requestId'], SUCCESS)
    }
  }
  const properties = new Map<string, AnyMethod>([
    [
      'onmessage',
      function (...args) {
        guarded('a message', () => received(fieldsOf(args[0])))
        return Reflect.apply(onmessage, this, args)
      },
    ],
    [
      'send',
      function (...args) {
        const message: RpcMessage = fieldsOf(args[0])
        if (isResponse(message))
          guarded('an answer', () => settle(message.id, answerOutcome(message, 'server', undefined)))
        return Reflect.apply(send, this, args)
      },
    ],
    [
      'onclose',
      function (...args) {
        guarded('a close', () => {
          for (const [id, { message }] of waiting) settle(id, message.method === LISTEN ? SUCCESS : CANCELLED)
        })
        return typeof onclose === 'function' ? Reflect.apply(onclose, this, args) : undefined
      },
    ],
  ])
  overlay(transport, properties)
}
