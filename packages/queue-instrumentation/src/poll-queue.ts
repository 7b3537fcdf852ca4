import { AsyncLocalStorage } from 'node:async_hooks'

import { errorText, errorType } from '@mcp/otel-core'
import { ROOT_CONTEXT, context, createContextKey } from '@opentelemetry/api'

import type { QueueRegistry } from './queue-registry.ts'
import type { QueueReading, SharedQueue } from './shared-queue.ts'

/** A broker that takes longer is away. */
const DEADLINE_MS = 2000
const FIRST_LOOK_MS = 100

/** As OpenTelemetry's SDK has it: under it nobody makes spans. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** The request in which a queue happens to be made is none of the timer's business. */
const outsideOfRequests = AsyncLocalStorage.snapshot()

/**
 * Looks at the broker of a shared queue soon, and from then on once per interval together with the registry's others, without
 * keeping the process alive.
 */
export function pollQueue(registry: QueueRegistry, shared: SharedQueue): void {
  const { pollIntervalMillis } = shared
  outsideOfRequests(() => {
    // At this one alone: the others have had their own first look, or have it coming.
    setTimeout(() => look(registry, [shared]), Math.min(FIRST_LOOK_MS, pollIntervalMillis)).unref()
    if (registry.poll !== undefined) return
    registry.poll = setInterval(() => {
      if (registry.shared.size > 0) look(registry, registry.shared.values())
      else {
        clearInterval(registry.poll)
        registry.poll = undefined
      }
    }, pollIntervalMillis).unref()
  })
}

function look(registry: QueueRegistry, queues: Iterable<SharedQueue>): void {
  context.with(ROOT_CONTEXT.setValue(SUPPRESS_TRACING, true), () => {
    for (const shared of queues) void lookAt(registry, shared)
  })
}

/** A look that has not come back holds up the next one, so that a broker that is away does not gather commands. */
async function lookAt(registry: QueueRegistry, shared: SharedQueue): Promise<void> {
  if (shared.readers.size === 0) return
  const { askedAt } = shared
  if (askedAt !== undefined) {
    if (performance.now() - askedAt > DEADLINE_MS) loseReading(registry, shared, new BrokerTimeoutError(DEADLINE_MS))
    return
  }
  shared.askedAt = performance.now()
  const reading = readFirst(shared).finally(() => (shared.askedAt = undefined))
  try {
    const latest = await withinDeadline(reading)
    if (latest !== undefined && shared.readers.size > 0) shared.latest = latest
    else if (latest === undefined) shared.latest = undefined
  } catch (error) {
    if (shared.readers.size > 0) loseReading(registry, shared, error)
  }
}

/** Says that a broker did not answer: the figures are gone until it does. */
function loseReading(registry: QueueRegistry, shared: SharedQueue, error: unknown): void {
  shared.latest = undefined
  registry.errors.errors.add(1, { source: 'queue', type: errorType(error) })
  registry.say(
    `queue ${shared.name} (${shared.engine}) could not be asked for its size: ${errorText(error)}; mcp_queue_size is not shown until it answers`,
  )
}

async function readFirst({ readers }: SharedQueue): Promise<QueueReading | undefined> {
  for (const read of readers) {
    const reading = await read()
    if (reading !== undefined) return reading
  }
  return undefined
}

async function withinDeadline<T>(reading: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new BrokerTimeoutError(DEADLINE_MS)), DEADLINE_MS).unref()
  try {
    return await Promise.race([reading, promise])
  } finally {
    clearTimeout(timer)
  }
}

class BrokerTimeoutError extends Error {
  override readonly name = 'BrokerTimeoutError'
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`)
  }
}
