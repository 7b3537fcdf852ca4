import { createErrorInstruments, createInstruments, processWide } from '@mcp/otel-core'
import type { ErrorInstruments, Instruments, OutcomeStatus } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'
import type { MeterProvider } from '@opentelemetry/api'

import { queueInstruments } from './instruments.ts'
import type { SharedQueue } from './shared-queue.ts'
import { VERSION } from './version.ts'

/** Instrumentation scope of the queue metrics and spans. */
export const QUEUE_SCOPE = '@mcp/otel-queue-instrumentation'

const MAX_COMPLAINTS = 100

/** One queue, as the gauges and health see it. */
export interface QueueRecord {
  readonly name: string
  readonly scope: 'local' | 'shared'
  readonly engine: string
  /** Which broker keeps it; empty where there is but one. */
  readonly address: string
  /** Jobs that wait; `undefined` while nobody knows. */
  readonly size: () => number | undefined
  /** Jobs that run. */
  readonly active: () => number | undefined
  /** Seconds that the oldest waiting job has waited, 0 when none waits; `undefined` while nobody knows. */
  readonly oldestJobAge: () => number | undefined
}

/** The queues of one plugin, and what they came to. */
export interface PluginQueues {
  readonly plugin: string
  readonly queues: Set<QueueRecord>
  readonly ended: Record<OutcomeStatus, number>
  /** Jobs that have left the queue to run, and the seconds that they waited. */
  readonly waits: { count: number; sum: number }
}

/** The queues of one meter provider, and the instruments that speak of them. */
export interface QueueRegistry {
  readonly plugins: Map<string, PluginQueues>
  readonly instruments: Instruments<typeof queueInstruments>
  readonly errors: ErrorInstruments
  /** Queues of brokers that parts of the app hold, by `queueId`. */
  readonly shared: Map<string, SharedQueue>
  /** What looks at their brokers, while there are any. */
  poll?: NodeJS.Timeout | undefined
  /** Says once what went wrong in us. */
  readonly say: (complaint: string) => void
}

interface Registries {
  global?: QueueRegistry
  readonly byProvider: WeakMap<MeterProvider, QueueRegistry>
}

/** Returns the registry of a meter provider; without one, that of the global provider, which may be registered later. */
export function queueRegistry(meterProvider?: MeterProvider): QueueRegistry {
  const registries = processWide<Registries>('queues', () => ({ byProvider: new WeakMap() }))
  if (meterProvider === undefined) return (registries.global ??= createRegistry())
  let registry = registries.byProvider.get(meterProvider)
  if (registry === undefined) registries.byProvider.set(meterProvider, (registry = createRegistry(meterProvider)))
  return registry
}

/** Finds the queues of a plugin, or makes the place for them, their counters at 0. */
export function queuesOf({ plugins, instruments }: QueueRegistry, plugin: string): PluginQueues {
  const known = plugins.get(plugin)
  if (known !== undefined) return known
  const queues: PluginQueues = {
    plugin,
    queues: new Set(),
    ended: { success: 0, error: 0, timeout: 0, cancelled: 0 },
    waits: { count: 0, sum: 0 },
  }
  plugins.set(plugin, queues)
  instruments.jobs.zero({ plugin })
  instruments.wait.zero({ plugin })
  instruments.run.zero({ plugin })
  return queues
}

/**
 * Adds up a figure of all queues of a plugin; `undefined` when one of them is not known, since a part is not the whole.
 * A shared queue that several parts of the process hold counts once.
 */
export function total(
  { queues }: PluginQueues,
  figure: 'size' | 'active' | 'oldestJobAge',
  combine: (a: number, b: number) => number,
): number | undefined {
  const shared = new Map<string, number>()
  let result = 0
  for (const queue of queues) {
    const value = queue[figure]()
    if (value === undefined) return undefined
    if (queue.scope === 'local') result = combine(result, value)
    else {
      const id = queueId(queue)
      shared.set(id, Math.max(shared.get(id) ?? 0, value))
    }
  }
  for (const value of shared.values()) result = combine(result, value)
  return result
}

/** Returns what a queue is known by in the whole process. */
export function queueId({ engine, address, name }: Pick<QueueRecord, 'engine' | 'address' | 'name'>): string {
  return `${engine}\0${address}\0${name}`
}

/** Adds two figures. */
export const sum = (a: number, b: number): number => a + b

function createRegistry(meterProvider?: MeterProvider): QueueRegistry {
  const instruments = createInstruments(queueInstruments, {
    scope: QUEUE_SCOPE,
    version: VERSION,
    isSound: true,
    meterProvider,
  })
  const errors = createErrorInstruments(meterProvider)
  const plugins = new Map<string, PluginQueues>()
  const watch = (
    instrument: 'size' | 'activeJobs' | 'oldestJobAge',
    figure: 'size' | 'active' | 'oldestJobAge',
    combine: (a: number, b: number) => number,
  ): void => {
    instruments[instrument].observe((observe) => {
      for (const queues of plugins.values()) {
        const value = queues.queues.size === 0 ? undefined : total(queues, figure, combine)
        if (value !== undefined) observe(value, { plugin: queues.plugin })
      }
    })
  }
  watch('size', 'size', sum)
  watch('activeJobs', 'active', sum)
  watch('oldestJobAge', 'oldestJobAge', Math.max)
  instruments.info.observe((observe) => {
    for (const { plugin, queues } of plugins.values()) {
      for (const { scope, engine } of queues) observe(1, { plugin, scope, engine })
    }
  })
  const said = new Set<string>()
  const say = (complaint: string): void => {
    if (said.has(complaint) || said.size >= MAX_COMPLAINTS) return
    said.add(complaint)
    diag.warn(complaint)
  }
  return { plugins, instruments, errors, shared: new Map(), say }
}
