import { processWide } from '@mcp/otel-core'

import { measureQueue } from '../measure-queue.ts'
import type { InstrumentedQueue } from '../measure-queue.ts'
import { resolveOptions } from '../queue-defaults.ts'
import { queueRegistry } from '../queue-registry.ts'
import type { QueueRegistry } from '../queue-registry.ts'
import type { EngineOptions } from './engine.ts'

/**
 * Measures in-process queues, which have no names: those of one plugin are measured as one, since an app may make one for
 * each request. The plugin is the engine's name unless the options or the settings say otherwise.
 */
export function localQueue(engine: string, options: EngineOptions): InstrumentedQueue {
  const { plugin, trace, meterProvider, tracerProvider } = resolveOptions(engine, options)
  const create = (): InstrumentedQueue => measureQueue({ plugin, engine, trace, meterProvider, tracerProvider })
  if (tracerProvider !== undefined) return create()
  const all = processWide('local-queues', () => new WeakMap<QueueRegistry, Map<string, InstrumentedQueue>>())
  const registry = queueRegistry(meterProvider)
  let queues = all.get(registry)
  if (queues === undefined) all.set(registry, (queues = new Map()))
  const id = JSON.stringify([engine, plugin, trace])
  let queue = queues.get(id)
  if (queue === undefined) queues.set(id, (queue = create()))
  return queue
}
