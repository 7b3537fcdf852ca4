import { propagation } from '@opentelemetry/api'
import type { Attributes } from '@opentelemetry/api'

/** A message as amqplib delivers it. */
export interface AmqpMessage {
  readonly fields: {
    readonly deliveryTag: number
    readonly redelivered?: boolean
    readonly exchange?: string
    readonly routingKey?: string
  }
  readonly properties: {
    readonly headers?: Record<string, unknown> | undefined
    readonly timestamp?: unknown
    readonly messageId?: unknown
  }
  readonly content: { readonly length: number }
}

export interface PublishOptions {
  readonly headers?: Record<string, unknown> | undefined
  readonly mandatory?: boolean | undefined
}

/** When it was sent, as Unix time in milliseconds, and then the names of the headers that were put in along with it. */
const OURS = 'x-mcp-otel'

/** Returns options whose headers carry a trace, on top of the app's own; one that the app has put in itself stays. */
export function withCarrier(options: PublishOptions | undefined, carrier: Record<string, string>): PublishOptions {
  const given = options?.headers
  const added = Object.keys(carrier).some((name) => given?.[name] !== undefined) ? {} : carrier
  const headers = Object.create(given ?? null) as Record<string, unknown>
  Object.assign(headers, added, { [OURS]: [Date.now(), ...Object.keys(added)].join(' ') })
  return { ...options, headers }
}

/** What a message says of itself as a job. */
export interface MessageFacts {
  readonly carrier: Record<string, string>
  readonly readyAt: number | undefined
  readonly isRetry: boolean
  readonly attributes: Attributes
}

/** Reads what a message says, and takes out of it what was put in with the trace: the app sees what the app has sent. */
export function takeFacts(message: AmqpMessage): MessageFacts {
  const { properties, fields, content } = message
  const headers = properties.headers ?? {}
  const [sentAt, ...names] = takeOurs(headers)
  const carrier: Record<string, string> = {}
  for (const name of [...propagation.fields(), ...names]) {
    const value = headers[name]
    if (typeof value === 'string') carrier[name] = value
  }
  for (const name of names) delete headers[name]
  const deaths = deathsOf(headers)
  const isRetry = fields.redelivered === true || deaths.some(({ reason }) => reason !== 'expired')
  return {
    carrier,
    // When a message came back to its queue, nobody says.
    readyAt:
      fields.redelivered === true ? undefined : readyAt(sentAt ?? secondsToMs(properties.timestamp), headers, deaths),
    isRetry,
    attributes: {
      'messaging.message.body.size': content.length,
      'messaging.rabbitmq.message.delivery_tag': fields.deliveryTag,
      ...(typeof fields.routingKey === 'string' && { 'messaging.rabbitmq.destination.routing_key': fields.routingKey }),
      ...(typeof properties.messageId === 'string' && { 'messaging.message.id': properties.messageId }),
    },
  }
}

/** Takes out what was put in with the trace, of a message that comes back without having been delivered. */
export function takeTrace({ properties: { headers } }: AmqpMessage): void {
  if (headers === undefined) return
  for (const name of takeOurs(headers).slice(1)) delete headers[name as string]
}

function takeOurs(headers: Record<string, unknown>): [sentAt: number | undefined, ...names: string[]] {
  const value = headers[OURS]
  if (typeof value !== 'string') return [undefined]
  delete headers[OURS]
  const [sentAt, ...names] = value.split(' ')
  const time = Number(sentAt)
  return [Number.isFinite(time) ? time : undefined, ...names]
}

/** A time that a message died in another queue, as RabbitMQ has it in `x-death`; the latest comes first. */
interface Death {
  readonly reason?: unknown
  readonly time?: unknown
  readonly 'original-expiration'?: unknown
}

function deathsOf(headers: Record<string, unknown>): readonly Death[] {
  const deaths = headers['x-death']
  return Array.isArray(deaths) ? (deaths as Death[]) : []
}

/** When a message got to be ready in its queue: after the delay that was asked for, by a plugin or by a queue it died in. */
function readyAt(
  sentAt: number | undefined,
  headers: Record<string, unknown>,
  [death, ...earlier]: readonly Death[],
): number | undefined {
  const delay = headers['x-delay']
  if (death === undefined) return sentAt && sentAt + (typeof delay === 'number' ? Math.abs(delay) : 0)
  const diedAt = secondsToMs(death.time)
  const expiredAt = sentAt && sentAt + Number(death['original-expiration'])
  // RabbitMQ's own time is in whole seconds.
  const isExact = diedAt !== undefined && expiredAt !== undefined && Math.abs(expiredAt - diedAt) < 2000
  return isExact && earlier.length === 0 ? expiredAt : diedAt
}

/** AMQP's timestamps are in seconds; amqplib gives them as numbers, and in tables as typed values. */
function secondsToMs(time: unknown): number | undefined {
  const value: unknown = typeof time === 'object' && time !== null && 'value' in time ? time.value : time
  if (typeof value !== 'number' || !(value > 0)) return undefined
  // Many put milliseconds there all the same.
  return value > 1e11 ? value : value * 1000
}
