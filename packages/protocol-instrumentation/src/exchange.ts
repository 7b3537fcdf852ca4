import { context, createContextKey } from '@opentelemetry/api'
import type { Context } from '@opentelemetry/api'

import { OTHER } from './bounded-names.ts'
import { recordEntryAnswer } from './entry-answer.ts'
import { errorCodeOf, fieldsOf, isRequestId } from './message.ts'
import { SUCCESS, rejectionOutcome } from './outcome-of.ts'
import type { RpcOutcome } from './outcome-of.ts'
import { guarded } from './telemetry.ts'
import type { ProtocolTelemetry } from './telemetry.ts'
import type { TransportFacts } from './transport-facts.ts'

/** A request over HTTP to a handler that makes a server for each; what never gets to one is answered by the handler itself. */
interface Exchange {
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
    const answered = { telemetry, headers, response, ambient, began }
    return guarded('an exchange', () => observeAnswer(answered)) ?? response
  })
}

interface Answered {
  readonly telemetry: ProtocolTelemetry
  readonly headers: Headers
  readonly response: Response
  readonly ambient: Context
  readonly began: number
}

function observeAnswer(answered: Answered): Response {
  const { headers, response } = answered
  const type = response.headers.get('content-type') ?? ''
  if (response.status >= 400 && type.includes('json')) {
    void response
      .clone()
      .json()
      .then(
        (body: unknown) => guarded('a rejection', () => recordRejection(answered, body)),
        () => {},
      )
  } else if (headers.get('mcp-method') === LISTEN && type.includes('event-stream') && response.body !== null) {
    const end = (): void => guarded('a subscription', () => record(answered, undefined, SUCCESS))
    return new Response(response.body.pipeThrough(new TransformStream({ flush: end, cancel: end })), response)
  }
  return response
}

function recordRejection(answered: Answered, body: unknown): void {
  const answer = fieldsOf(body)
  const code = errorCodeOf(answer)
  if (code !== undefined) record(answered, answer['id'], rejectionOutcome(answer, code, answered.response.status))
}

function record({ ambient, began, headers, telemetry }: Answered, id: unknown, outcome: RpcOutcome): void {
  const message = { method: headers.get('mcp-method') ?? OTHER, ...(isRequestId(id) && { id }) }
  const version = headers.get('mcp-protocol-version')
  recordEntryAnswer({ telemetry, facts: HTTP, message, version, origin: { parent: ambient, began } }, outcome)
}
