import { context, createContextKey } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import { OTHER } from './bounded-names.ts'
import { errorCodeOf, fieldsOf, isRequestId } from './message.ts'
import type { RpcMessage } from './message.ts'
import { isSpecified } from './method-names.ts'
import { Operation } from './operation.ts'
import type { OperationScope } from './operation.ts'
import { SUCCESS, rejectionOutcome } from './outcome-of.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { routeOf } from './route.ts'
import { guarded } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { TransportFacts } from './transport-facts.ts'

/** A request over HTTP to a handler that makes a server for each; what never gets to one is answered by the handler itself. */
export interface Exchange {
  isServed: boolean
}

const EXCHANGE = createContextKey('@mcp/otel/exchange')

const HTTP: TransportFacts = {
  kind: 'http',
  network: 'tcp',
  protocol: 'http',
  address: '',
  port: '',
  ownsStdout: false,
}

const LISTEN = 'subscriptions/listen'

/** States that a server has got the message that arrives in this context. */
export function markServed(ambient: Context): void {
  const exchange = ambient.getValue(EXCHANGE) as Exchange | undefined
  if (exchange !== undefined) exchange.isServed = true
}

/** Has a request answered, and observes what the handler answers by itself. */
export function observeExchange(telemetry: ProtocolTelemetry, request: unknown, serve: () => unknown): unknown {
  const exchange: Exchange = { isServed: false }
  const began = performance.now()
  const ambient = context.active()
  const own = ambient.setValue(EXCHANGE, exchange)
  let isCarried = false
  const result = context.with(own, () => {
    // Without a context manager nobody can tell what a server has got.
    isCarried = context.active() === own
    return serve()
  })
  if (!isCarried || !(result instanceof Promise) || !(request instanceof Request)) return result
  const { headers } = request
  return result.then((response: unknown) => {
    if (exchange.isServed || !(response instanceof Response)) return response
    return (
      guarded('an exchange', () => observeAnswer({ telemetry, headers, response, parent: ambient, began })) ?? response
    )
  })
}

interface Answered {
  readonly telemetry: ProtocolTelemetry
  readonly headers: Headers
  readonly response: Response
  readonly parent: Context
  readonly began: number
}

function observeAnswer(answered: Answered): Response {
  const { headers, response } = answered
  const type = response.headers.get('content-type') ?? ''
  if (response.status >= 400 && type.includes('json')) {
    const copy = response.clone()
    void copy.json().then(
      (body: unknown) => guarded('a rejection', () => record(answered, fieldsOf(body))),
      () => {},
    )
  } else if (headers.get('mcp-method') === LISTEN && type.includes('event-stream') && response.body !== null) {
    const operation = start(answered, LISTEN, undefined)
    const end = (): void => operation.end(SUCCESS)
    const body = response.body.pipeThrough(new TransformStream({ flush: end, cancel: end }))
    return new Response(body, response)
  }
  return response
}

/** What is refused before it gets to a server is the caller's mistake, save where the answer blames the server. */
function record(answered: Answered, body: RpcMessage): void {
  const code = errorCodeOf(body)
  if (code === undefined) return
  const operation = start(answered, answered.headers.get('mcp-method') ?? '', body.id)
  operation.end(rejectionOutcome(body, code, answered.response.status))
}

function start({ began, headers, parent, telemetry }: Answered, method: string, id: unknown): Operation {
  const version = headers.get('mcp-protocol-version') ?? ''
  const route = routeOf(telemetry, HTTP, /^\d{4}-\d{2}-\d{2}$/.test(version) ? telemetry.bounds.version(version) : '')
  const scope: OperationScope = {
    telemetry,
    facts: HTTP,
    transport: {},
    route,
    ended({ context: own }: Operation, { errorType, isFailure }: RpcOutcome) {
      if (!isFailure || errorType === undefined) return
      telemetry.errors.errors.add(1, { source: 'protocol', type: telemetry.bounds.code(errorType) }, own)
    },
  }
  const label = isSpecified(method) ? method : OTHER
  const message = { method: method === '' ? OTHER : method, ...(isRequestId(id) && { id }) }
  return new Operation(scope, 'server', message, route.topic(label, undefined, ''), { parent, began })
}
