import { errorText, processWide, telemetryFaults } from '@mcp/otel-core'

import { queueRegistry } from '../queue-registry.ts'
import { joinQueue } from '../shared-queue.ts'
import type { QueueMember } from '../shared-queue.ts'
import { readerOf } from './bullmq-reading.ts'
import { addressOf } from './bullmq-shape.ts'
import type { BullBase } from './bullmq-shape.ts'
import type { EngineOptions } from './engine.ts'
import { wrapMethod } from './wrap-method.ts'

export const BULLMQ = 'bullmq'

interface Members {
  readonly members: WeakMap<object, QueueMember>
  readonly options: WeakMap<object, EngineOptions>
}

const forgotten = new FinalizationRegistry<() => void>((leave) => leave())

function state(): Members {
  return processWide<Members>('bullmq-members', () => ({ members: new WeakMap(), options: new WeakMap() }))
}

/** Sets the options of one queue, worker or producer; what it was before is over. */
export function setOptions(of: object, options: EngineOptions): void {
  const { members, options: all } = state()
  members.get(of)?.leave()
  members.delete(of)
  all.set(of, options)
}

/** Returns the options of a queue, worker or producer. */
export function optionsOf(of: object): EngineOptions {
  return state().options.get(of) ?? {}
}

/** Returns what a queue or a worker tells about its jobs; joins their queue first. */
export function memberOf(base: BullBase): QueueMember {
  const { members } = state()
  let member = members.get(base)
  if (member === undefined) {
    member = joinQueue(
      { engine: BULLMQ, name: base.name, address: addressOf(base), read: readerOf(base) },
      optionsOf(base),
    )
    members.set(base, member)
    forgotten.register(base, member.leave)
  }
  return member
}

/** Has a queue or a worker leave once it is closed. */
export function leaveOnClose(target: object): void {
  for (const name of ['close', 'disconnect']) {
    wrapMethod<(this: BullBase, ...args: unknown[]) => unknown>(
      target,
      name,
      (original) =>
        function (...args) {
          safely(this, () => state().members.get(this)?.leave())
          return original.apply(this, args)
        },
    )
  }
}

/** Nothing that goes wrong in us may reach the app: it is said. */
export function safely<T>(of: object, call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    telemetryFaults().add(1, { source: 'queue' })
    queueRegistry(optionsOf(of).meterProvider).say(
      `a queue of ${BULLMQ} could not be measured: ${errorText(error)}; it works on unmeasured`,
    )
    return undefined
  }
}
