import { processWide } from '@mcp/otel-core'

import { createDeliveries } from './amqp-deliveries.ts'
import type { Deliveries } from './amqp-deliveries.ts'
import { linkOf } from './amqp-link.ts'
import type { AmqpConnection, AmqpLink, OwnChannelClass } from './amqp-link.ts'
import type { AmqpMessage } from './amqp-message.ts'
import type { EngineOptions } from './engine.ts'

/** A channel of either API. */
export interface AmqpChannel {
  readonly connection: AmqpConnection
  once(event: 'close', listener: () => void): unknown
  prependListener(event: 'return', listener: (message: AmqpMessage) => void): unknown
}

export interface ChannelState {
  readonly options: EngineOptions
  readonly link: AmqpLink
  readonly deliveries: Deliveries
  /** Settles with the confirmation of what is being published at this moment: the message was sent, or its callback kept. */
  confirmation: { readonly since: 'sent' | 'kept'; readonly settled: PromiseWithResolvers<void> } | undefined
  seesReturned: boolean
}

interface State {
  /** Whether each channel that the app opens is measured, or those only that were given to us. */
  isEverywhere: boolean
  readonly patched: WeakSet<object>
  readonly given: WeakMap<object, EngineOptions>
  readonly vhosts: WeakMap<object, string>
  readonly channels: WeakMap<object, ChannelState>
}

/** What the process knows of channels and connections. */
export function amqpState(): State {
  return processWide<State>('amqplib', () => ({
    isEverywhere: false,
    patched: new WeakSet(),
    given: new WeakMap(),
    vhosts: new WeakMap(),
    channels: new WeakMap(),
  }))
}

/** Returns what is known of a channel; `undefined` for one that is not measured. */
export function stateOf(channel: AmqpChannel): ChannelState | undefined {
  const { channels, given, isEverywhere, vhosts } = amqpState()
  const known = channels.get(channel)
  if (known !== undefined) return known
  const options = given.get(channel) ?? (isEverywhere ? {} : undefined)
  if (options === undefined) return undefined
  const Class = ownerOf(channel, 'checkQueue')?.constructor as OwnChannelClass
  const link = linkOf(channel.connection, vhosts.get(channel.connection) ?? '', Class)
  const deliveries = createDeliveries()
  const fresh: ChannelState = { options, link, deliveries, confirmation: undefined, seesReturned: false }
  channels.set(channel, fresh)
  channel.once('close', deliveries.lose)
  return fresh
}

/** Returns the object, of a value and its prototypes, that has a property itself. */
export function ownerOf(value: object, name: string): object | undefined {
  let owner: object | null = value
  while (owner !== null && !Object.hasOwn(owner, name)) owner = Object.getPrototypeOf(owner) as object | null
  return owner ?? undefined
}
