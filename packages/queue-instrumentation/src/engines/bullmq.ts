import { setOptions, memberOf } from './bullmq-members.ts'
import { instrumentFlowProducers, instrumentQueues } from './bullmq-producers.ts'
import { isBullBase } from './bullmq-shape.ts'
import { instrumentWorkers } from './bullmq-workers.ts'
import type { QueueEngine } from './engine.ts'
import { queueLibraries } from './queue-libraries.ts'

type Instrument = (target: object) => void

/** BullMQ 5 and 6, on Redis and, since 6, on PostgreSQL. */
export const bullmq: QueueEngine = {
  ...queueLibraries.bullmq,
  instrumentModule(exports) {
    const instruments: Readonly<Record<string, Instrument>> = {
      Queue: instrumentQueues,
      Worker: instrumentWorkers,
      FlowProducer: instrumentFlowProducers,
    }
    for (const [name, made] of Object.entries(exports)) {
      if (typeof made === 'function') instruments[name]?.(made.prototype as object)
    }
  },
  recognises: (value) => kindOf(value) !== undefined,
  instrument(value, options) {
    setOptions(value, options)
    kindOf(value)?.(value)
    if (isBullBase(value)) memberOf(value)
  },
}

function kindOf(value: object): Instrument | undefined {
  const has = (name: string): boolean => typeof Reflect.get(value, name) === 'function'
  if (has('addNode') && has('addBulk') && has('getFlow')) return instrumentFlowProducers
  if (!isBullBase(value)) return undefined
  if (has('processJob')) return instrumentWorkers
  return has('addBulk') ? instrumentQueues : undefined
}
