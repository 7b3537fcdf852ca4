import { errorText, processWide } from '@mcp/otel-core'

import { joinQueue } from '../shared-queue.ts'
import type { QueueMember, QueueReading } from '../shared-queue.ts'
import type { EngineOptions } from './engine.ts'

/** messaging.system of what amqplib talks to. */
export const RABBITMQ = 'rabbitmq'

/** Queues of one connection that are measured by name; the others are measured together, without their size. */
const MAX_QUEUES = 200
/** Queues of one connection of which it is known whether they may be asked. */
const MAX_DECLARED = 10_000
/** Queues that the broker has named: each consumer has one of its own, mostly for replies. */
const UNNAMED = /^(?:$|amq\.)/

/** amqplib's connection below its two models. */
export interface AmqpConnection {
  readonly stream?: { readonly remoteAddress?: unknown; readonly remotePort?: unknown }
  readonly serverProperties?: { readonly cluster_name?: unknown }
  once(event: 'close', listener: (error?: unknown) => void): unknown
}

/** What this needs of a channel of its own; the callback API returns no promises. */
interface OwnChannel {
  open(done: Done): unknown
  checkQueue(queue: string, done: Done): unknown
  on(event: 'error' | 'close', listener: () => void): unknown
}

type Done = (error: unknown, value?: unknown) => void
export type OwnChannelClass = new (connection: AmqpConnection) => OwnChannel

/** A connection, and the queues that the app uses over it. */
export interface AmqpLink {
  /** Joins a queue, once. */
  queue(name: string, options: EngineOptions): QueueMember
  /**
   * Tells whether a queue may be asked for its size: whoever asks uses it, so that one that expires when it is not used would
   * live as long as we do.
   */
  mayRead(name: string, isAllowed: boolean): void
}

interface LinkState {
  readonly address: string
  readonly connection: AmqpConnection
  readonly OwnChannel: OwnChannelClass
  own: OwnChannel | undefined
  /** The latest look at a queue. */
  reading: Promise<unknown>
  readonly members: Map<string, QueueMember>
  readonly readable: Map<string, boolean>
  lost: Error | undefined
}

/** The broker went away while the app was using it. */
class BrokerLostError extends Error {
  override readonly name = 'BrokerLostError'
}

/** Returns the one link of a connection. */
export function linkOf(connection: AmqpConnection, vhost: string, OwnChannel: OwnChannelClass): AmqpLink {
  const links = processWide('amqp-links', () => new WeakMap<AmqpConnection, AmqpLink>())
  let link = links.get(connection)
  if (link === undefined) links.set(connection, (link = createLink(connection, vhost, OwnChannel)))
  return link
}

function createLink(connection: AmqpConnection, vhost: string, OwnChannel: OwnChannelClass): AmqpLink {
  const address = `${addressOf(connection)}/${vhost}`
  const link: LinkState = {
    address,
    connection,
    OwnChannel,
    own: undefined,
    reading: Promise.resolve(),
    members: new Map(),
    readable: new Map(),
    lost: undefined,
  }
  connection.once('close', (error) => closeLink(link, error))
  return {
    queue(name, options) {
      const known = measuredName(name, link)
      let member = link.members.get(known)
      if (member === undefined) link.members.set(known, (member = join(link, known, options)))
      return member
    },
    mayRead(name, isAllowed) {
      const { readable } = link
      if (readable.get(name) !== false && (readable.has(name) || readable.size < MAX_DECLARED))
        readable.set(name, isAllowed)
    },
  }
}

/** Nodes of one cluster are one broker. */
function addressOf({ serverProperties, stream }: AmqpConnection): string {
  const cluster = serverProperties?.cluster_name
  return typeof cluster === 'string' ? cluster : `${String(stream?.remoteAddress)}:${String(stream?.remotePort)}`
}

function measuredName(name: string, { members }: LinkState): string {
  if (UNNAMED.test(name)) return 'amq.gen'
  return members.has(name) || members.size < MAX_QUEUES ? name : '_OTHER'
}

function join(link: LinkState, name: string, options: EngineOptions): QueueMember {
  const isReadable = name !== 'amq.gen' && name !== '_OTHER'
  const member = joinQueue(
    {
      engine: RABBITMQ,
      name,
      address: link.address,
      isActiveLocal: true,
      ...(isReadable && { read: () => readQueue(link, name) }),
    },
    options,
  )
  const { live, lost } = brokers()
  const id = idOf(link, name)
  live.set(id, (live.get(id) ?? 0) + 1)
  lost.get(id)?.leave()
  lost.delete(id)
  return member
}

interface Brokers {
  /** How many connections use a queue. */
  readonly live: Map<string, number>
  /** Members whose connection was the last one, and was lost: until another one joins their queue they say so. */
  readonly lost: Map<string, QueueMember>
}

function brokers(): Brokers {
  return processWide<Brokers>('amqp-brokers', () => ({ live: new Map(), lost: new Map() }))
}

/** An app that closes its connection is done with its queues; one that loses it is not. */
function closeLink(link: LinkState, error: unknown): void {
  if (error !== undefined && error !== null) link.lost = new BrokerLostError(errorText(error))
  const { live, lost } = brokers()
  for (const [name, member] of link.members) {
    const id = idOf(link, name)
    const others = (live.get(id) ?? 1) - 1
    if (others > 0) live.set(id, others)
    else live.delete(id)
    if (link.lost === undefined || others > 0) member.leave()
    else {
      lost.get(id)?.leave()
      lost.set(id, member)
    }
  }
}

function idOf({ address }: LinkState, name: string): string {
  return JSON.stringify([address, name])
}

/** Answers of the broker that say nothing against it: there is no such queue, or it is another connection's own. */
const NOT_OURS_TO_SEE: ReadonlySet<unknown> = new Set([403, 404, 405])

/** One after the other: what fails closes the channel, and would take the others with it. */
function readQueue(link: LinkState, name: string): Promise<QueueReading | undefined> {
  const reading = link.reading.then(() => readNow(link, name))
  link.reading = reading.catch(() => {})
  return reading
}

/** Counts what is ready: a declaration that changes nothing, on a channel of our own. */
async function readNow(link: LinkState, name: string): Promise<QueueReading | undefined> {
  if (link.lost !== undefined) throw link.lost
  if (link.readable.get(name) !== true) return undefined
  try {
    link.own ??= await openOwn(link)
    const { own } = link
    const { messageCount } = (await call((done) => own.checkQueue(name, done))) as { messageCount: number }
    return { size: messageCount }
  } catch (error) {
    link.own = undefined
    if (link.lost === undefined && (isClosing(error) || NOT_OURS_TO_SEE.has((error as { code?: unknown }).code)))
      return undefined
    throw error
  }
}

/** The connection is being closed; whether it was lost is told by its `close`. */
function isClosing(error: unknown): boolean {
  return (error as { name?: unknown }).name === 'IllegalOperationError'
}

async function openOwn(link: LinkState): Promise<OwnChannel> {
  const { OwnChannel, connection } = link
  const channel = new OwnChannel(connection)
  // Its errors are told to whoever asked.
  channel.on('error', () => {})
  channel.on('close', () => (link.own = undefined))
  await call((done) => channel.open(done))
  return channel
}

/** Calls a method of either API: one takes a callback, the other returns a promise. */
function call(method: (done: Done) => unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const result = method((error, value) => (error ? reject(error) : resolve(value)))
    if (result instanceof Promise) result.then(resolve, reject)
  })
}
