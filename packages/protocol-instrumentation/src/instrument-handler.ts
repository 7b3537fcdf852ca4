import { overlay } from '@mcp/otel-core'

import { observeExchange } from './exchange.ts'
import { fieldsOf } from './message.ts'
import type { McpOptions } from './options.ts'
import { protocolState } from './protocol-state.ts'
import { guarded, say, telemetryFor } from './telemetry.ts'
import type { AnyMethod } from './wrap-method.ts'

/**
 * Observes what a handler of `createMcpHandler` answers without a server: requests that it refuses, and subscriptions.
 * Returns it. The servers that it makes are observed by their class, or one by one.
 */
export function instrumentHandler<H extends object>(handler: H, options?: McpOptions): H {
  guarded('a handler', () => {
    const { fetch } = fieldsOf(handler)
    if (typeof fetch !== 'function') {
      say(
        'instrumentHandler was given an object without fetch(); expected what createMcpHandler returns; it is not observed',
      )
      return
    }
    const { wrapped } = protocolState()
    if (wrapped.has(handler)) return
    wrapped.add(handler)
    const telemetry = telemetryFor(options)
    const observed: AnyMethod = function (...args) {
      return observeExchange(telemetry, args[0], () => Reflect.apply(fetch, this, args))
    }
    if (overlay(handler, new Map([['fetch', observed]])) === undefined)
      say('a handler could not be observed: its fetch() cannot be replaced; what it refuses goes on unobserved')
  })
  return handler
}
