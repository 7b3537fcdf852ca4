import { observeCall } from '@mcp/otel-core'
import { context } from '@opentelemetry/api'

import { sendTo } from '../shared-queue.ts'
import type { Deliveries } from './amqp-deliveries.ts'
import { RABBITMQ } from './amqp-link.ts'
import { takeTrace, withCarrier } from './amqp-message.ts'
import type { AmqpMessage, PublishOptions } from './amqp-message.ts'
import { amqpState, ownerOf, stateOf } from './amqp-state.ts'
import type { AmqpChannel, ChannelState } from './amqp-state.ts'
import type { EngineOptions, QueueEngine } from './engine.ts'
import { queueLibraries } from './queue-libraries.ts'
import { wrapMethod } from './wrap-method.ts'

/** amqplib, of either API: queues of RabbitMQ. */
export const amqplibEngine: QueueEngine = {
  ...queueLibraries.amqplib,
  instrumentModule({ Channel, Connection }) {
    if (typeof Connection === 'function') patch(Connection.prototype as object, connectionMethods)
    if (typeof Channel !== 'function') return
    amqpState().isEverywhere = true
    patchChannel(Channel.prototype as object)
  },
  recognises: (value) => isChannel(value) || isModel(value),
  instrument: observeGiven,
}

function observeGiven(given: object, options: EngineOptions): void {
  amqpState().given.set(given, options)
  if (isChannel(given)) patchChannel(given)
  else patch(given, modelMethods(options))
}

function isChannel(value: object): boolean {
  return hasMethods(value, ['sendToQueue', 'consume', 'ack', 'prefetch']) && 'connection' in value
}

/** The connection as the app has it, which makes the channels. */
function isModel(value: object): boolean {
  return hasMethods(value, ['createChannel', 'createConfirmChannel', 'updateSecret'])
}

function hasMethods(value: object, names: readonly string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

type Method = (this: unknown, ...args: unknown[]) => unknown
/** A method by what it is in place of. */
type Patch = (original: Method) => Method

function patch(owner: object, methods: Readonly<Record<string, Patch>>): void {
  const { patched } = amqpState()
  for (const [name, over] of Object.entries(methods)) {
    if (patched.has(Reflect.get(owner, name) as object)) continue
    wrapMethod<Method>(owner, name, over)
    patched.add(Reflect.get(owner, name) as object)
  }
}

/** Each method where it is defined: what a confirm channel has of its own calls that of the plain one. */
function patchChannel(channel: object): void {
  for (const [name, over] of Object.entries(channelMethods)) {
    let owner = ownerOf(channel, name)
    // Of the two that confirm channels have, the one below.
    if (name === 'publish' && owner !== undefined && Object.hasOwn(owner, 'waitForConfirms')) {
      owner = ownerOf(Object.getPrototypeOf(owner) as object, name)
    }
    if (owner !== undefined) patch(owner, { [name]: over })
  }
}

const connectionMethods: Readonly<Record<string, Patch>> = {
  open: (original) =>
    function (this: unknown, ...args) {
      const { virtualHost } = (args[0] ?? {}) as { virtualHost?: unknown }
      if (typeof virtualHost === 'string') amqpState().vhosts.set(this as object, virtualHost)
      return Reflect.apply(original, this, args)
    },
}

function modelMethods(options: EngineOptions): Readonly<Record<string, Patch>> {
  const giving: Patch = (original) =>
    function (this: unknown, ...args) {
      return observeCall(
        () => Reflect.apply(original, this, args),
        context.active(),
        (outcome) => {
          const channel = 'result' in outcome ? outcome.result : undefined
          if (typeof channel === 'object' && channel !== null) observeGiven(channel, options)
        },
      )
    }
  return { createChannel: giving, createConfirmChannel: giving }
}

const channelMethods: Readonly<Record<string, Patch>> = {
  publish: (original) =>
    function (this: unknown, exchange, routingKey, content, options, ...rest) {
      const channel = this as AmqpChannel
      const known = stateOf(channel)
      if (known === undefined) return Reflect.apply(original, this, [exchange, routingKey, content, options, ...rest])
      let sent: unknown
      const call = (carrier: Record<string, string>): unknown => {
        const withTrace = withCarrier(options as PublishOptions | undefined, carrier)
        if (withTrace.mandatory === true) seeReturned(channel, known)
        sent = Reflect.apply(original, this, [exchange, routingKey, content, withTrace, ...rest])
        if (!('waitForConfirms' in channel)) return sent
        return confirmationOf(known, 'sent').promise
      }
      const attributes = {
        'messaging.rabbitmq.destination.routing_key': String(routingKey),
        'messaging.message.body.size': (content as Buffer | undefined)?.length,
      }
      // Which queues an exchange reaches is the broker's to know.
      const destination =
        exchange === ''
          ? known.link.queue(String(routingKey), known.options)
          : { send: sendTo({ engine: RABBITMQ, name: String(exchange) }, known.options) }
      const confirmed = destination.send(call, { attributes })
      // The span has ended with it, and the app is told by its own callback.
      if (confirmed instanceof Promise) confirmed.catch(() => {})
      return sent
    },
  pushConfirmCallback: (original) =>
    function (this: unknown, callback) {
      const known = stateOf(this as AmqpChannel)
      if (known === undefined) return Reflect.apply(original, this, [callback])
      const confirmation = confirmationOf(known, 'kept')
      const told = (error: unknown): void => {
        if (error === null) confirmation.resolve()
        else confirmation.reject(error)
        if (callback) (callback as (error: unknown) => void)(error)
      }
      return Reflect.apply(original, this, [told])
    },
  assertQueue: (original) =>
    function (this: unknown, queue, options, ...rest) {
      const known = stateOf(this as AmqpChannel)
      const { expires, arguments: given } = (options ?? {}) as {
        expires?: unknown
        arguments?: Record<string, unknown>
      }
      known?.link.mayRead(String(queue), expires === undefined && given?.['x-expires'] === undefined)
      return Reflect.apply(original, this, [queue, options, ...rest])
    },
  consume: (original) =>
    function (this: unknown, queue, callback, options, ...rest) {
      const known = stateOf(this as AmqpChannel)
      if (known === undefined || typeof callback !== 'function') {
        return Reflect.apply(original, this, [queue, callback, options, ...rest])
      }
      const member = known.link.queue(String(queue), known.options)
      known.link.mayRead(String(queue), true)
      const isSettled = (options as { noAck?: unknown } | undefined)?.noAck === true
      const handler = (message: AmqpMessage | null): unknown =>
        message === null
          ? Reflect.apply(callback, undefined, [null])
          : known.deliveries.deliver(
              member,
              message,
              isSettled,
              () => Reflect.apply(callback, undefined, [message]) as unknown,
            )
      return Reflect.apply(original, this, [queue, handler, options, ...rest])
    },
  get: (original) =>
    function (this: unknown, queue, options, ...rest) {
      const known = stateOf(this as AmqpChannel)
      if (known === undefined) return Reflect.apply(original, this, [queue, options, ...rest])
      const member = known.link.queue(String(queue), known.options)
      const isSettled = (options as { noAck?: unknown } | undefined)?.noAck === true
      const take = (message: unknown): void => {
        if (message) known.deliveries.take(member, message as AmqpMessage, isSettled)
      }
      const [done] = rest
      if (typeof done === 'function') {
        const taken = (error: unknown, message: unknown): unknown => {
          if (!error) take(message)
          return Reflect.apply(done, undefined, [error, message])
        }
        return Reflect.apply(original, this, [queue, options, taken])
      }
      return observeCall(
        () => Reflect.apply(original, this, [queue, options, ...rest]),
        context.active(),
        (outcome) => 'result' in outcome && !isChannel(Object(outcome.result) as object) && take(outcome.result),
      )
    },
  ack: settling((deliveries, message, allUpTo) => deliveries.ack(tagOf(message), allUpTo === true)),
  ackAll: settling((deliveries) => deliveries.ack(0, true)),
  nack: settling((deliveries, message, allUpTo, requeue) =>
    deliveries.nack(tagOf(message), allUpTo === true, requeue !== false),
  ),
  nackAll: settling((deliveries, requeue) => deliveries.nack(0, true, requeue !== false)),
  reject: settling((deliveries, message, requeue) => deliveries.nack(tagOf(message), false, requeue !== false)),
  recover: settling((deliveries) => deliveries.nack(0, true, true)),
}

/** Until version 1 the callback is kept before the message is sent, since then afterwards: the second finds what the first made. */
function confirmationOf(known: ChannelState, since: 'sent' | 'kept'): PromiseWithResolvers<void> {
  const { confirmation } = known
  if (confirmation !== undefined && confirmation.since !== since) {
    known.confirmation = undefined
    return confirmation.settled
  }
  const settled = Promise.withResolvers<void>()
  known.confirmation = { since, settled }
  return settled
}

function settling(settle: (deliveries: Deliveries, ...args: unknown[]) => void): Patch {
  return (original) =>
    function (this: unknown, ...args) {
      const result = Reflect.apply(original, this, args)
      const known = amqpState().channels.get(this as object)
      if (known !== undefined) settle(known.deliveries, ...args)
      return result
    }
}

function tagOf(message: unknown): number {
  return (message as AmqpMessage).fields.deliveryTag
}

/** What nobody could deliver comes back to the app, with what was put in. */
function seeReturned(channel: AmqpChannel, known: ChannelState): void {
  if (known.seesReturned) return
  known.seesReturned = true
  channel.prependListener('return', takeTrace)
}
