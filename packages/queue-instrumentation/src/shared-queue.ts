import type { EngineOptions } from './engines/engine.ts'
import { measureQueue } from './measure-queue.ts'
import type { InstrumentedQueue } from './measure-queue.ts'
import { pollQueue } from './poll-queue.ts'
import { resolveOptions } from './queue-defaults.ts'
import { queueId, queueRegistry } from './queue-registry.ts'
import { sendJob } from './send-job.ts'

/** What a broker says of a queue at one time; what it cannot say is left out. */
export interface QueueReading {
  /** Jobs that are ready and wait. */
  readonly size?: number | undefined
  /** Jobs that run, wherever. */
  readonly active?: number | undefined
  /** Seconds that the oldest of the waiting jobs has waited, 0 when none waits. */
  readonly oldestJobAge?: number | undefined
}

/** Asks a broker by a bounded number of O(1) commands; `undefined` when this connection cannot ask now. */
export type ReadQueue = () => Promise<QueueReading | undefined>

/** A queue that a broker keeps, as one part of the app holds it. */
export interface BrokerQueue {
  readonly engine: string
  /** The queue's name at the broker. */
  readonly name: string
  /** Which broker, where a process talks to several: host, port, database. */
  readonly address?: string | undefined
  readonly read?: ReadQueue | undefined
  /** The broker does not say how many jobs run, at least not at a bounded cost: those that were started here are shown. */
  readonly isActiveLocal?: boolean | undefined
}

/** A queue of a broker's, shared by all parts of the process that hold it. */
export interface SharedQueue {
  readonly queue: InstrumentedQueue
  readonly plugin: string
  readonly name: string
  readonly engine: string
  readonly pollIntervalMillis: number
  /** How those that hold it ask the broker; the first that can is asked. */
  readonly readers: Set<ReadQueue>
  members: number
  latest: QueueReading | undefined
  /** Since when an answer is awaited, by `performance.now()`. */
  askedAt: number | undefined
}

/** What a part of the app has of a queue that it shares with others. */
export interface QueueMember extends Omit<InstrumentedQueue, 'close' | 'wrap'> {
  /** This part holds it no longer; with the last one its gauges are gone. */
  readonly leave: () => void
}

/**
 * Joins a broker's queue: all who hold the same one in this process share its figures, its place on the page and one
 * look at the broker per interval. The options of the first one count.
 */
export function joinQueue(broker: BrokerQueue, options: EngineOptions): QueueMember {
  const registry = queueRegistry(options.meterProvider)
  const { engine, name, address = '', read } = broker
  const id = queueId({ engine, name, address })
  let shared = registry.shared.get(id)
  if (shared === undefined) {
    registry.shared.set(id, (shared = createSharedQueue(broker, options)))
    pollQueue(registry, shared)
  }
  const joined = shared
  joined.members += 1
  if (read !== undefined) joined.readers.add(read)
  let isIn = true
  const { close, wrap, ...queue } = joined.queue
  return {
    ...queue,
    leave() {
      if (!isIn) return
      isIn = false
      if (read !== undefined) joined.readers.delete(read)
      if (joined.readers.size === 0) joined.latest = undefined
      joined.members -= 1
      if (joined.members > 0) return
      if (registry.shared.get(id) === joined) registry.shared.delete(id)
      close()
    },
  }
}

/** Returns what puts jobs in a broker's queue that this part of the app does not hold. */
export function sendTo({ engine, name }: BrokerQueue, options: EngineOptions): InstrumentedQueue['send'] {
  const { say } = queueRegistry(options.meterProvider)
  const { plugin, trace, tracerProvider } = resolveOptions(name, options)
  return (call, send) => sendJob({ plugin, name, engine, trace, tracerProvider, say }, call, send)
}

function createSharedQueue({ engine, name, address, isActiveLocal }: BrokerQueue, options: EngineOptions): SharedQueue {
  const { plugin, trace, meterProvider, tracerProvider, pollIntervalMillis } = resolveOptions(name, options)
  const shared: SharedQueue = {
    queue: measureQueue({
      plugin,
      name,
      engine,
      address,
      scope: 'shared',
      trace,
      meterProvider,
      tracerProvider,
      size: () => shared.latest?.size,
      ...(isActiveLocal !== true && { active: () => shared.latest?.active }),
      oldestJobAge: () => shared.latest?.oldestJobAge,
    }),
    plugin,
    name,
    engine,
    pollIntervalMillis,
    readers: new Set(),
    members: 0,
    latest: undefined,
    askedAt: undefined,
  }
  return shared
}
