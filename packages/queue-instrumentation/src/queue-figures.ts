import { errorText } from '@mcp/otel-core'

import type { QueueOptions } from './queue-options.ts'
import type { QueueRecord, QueueRegistry } from './queue-registry.ts'
import type { WaitingJobs } from './waiting-jobs.ts'

type Figures = Pick<QueueRecord, 'size' | 'active' | 'oldestJobAge'>

/** Says nothing. */
export const notKnown = (): undefined => undefined

/** Returns the figures that a queue has itself, so that asking for them is safe. */
export function ownFigures(options: QueueOptions, say: QueueRegistry['say']): Partial<Figures> {
  const name = options.name ?? options.plugin
  const safe = (figure: keyof Figures): Partial<Figures> => {
    const ask = options[figure]
    return ask === undefined ? {} : { [figure]: () => askQueue(ask, `${figure} of queue ${name}`, say) }
  }
  return { ...safe('size'), ...safe('active'), ...safe('oldestJobAge') }
}

/** Completes the figures of a queue by what was counted here; of a shared queue that says nothing. */
export function createFigures(
  own: Partial<Figures>,
  waiting: WaitingJobs,
  active: () => number,
  scope: 'local' | 'shared',
): Figures {
  const isShared = scope === 'shared'
  const countedAge = (): number | undefined => {
    const now = performance.now()
    const size = own.size?.()
    if (own.size !== undefined && size === undefined) return undefined
    // Jobs that the queue dropped without a word are the oldest that are known here.
    const oldest = waiting.oldest(now, size)
    return oldest === undefined ? 0 : (now - oldest) / 1000
  }
  return {
    size: own.size ?? (isShared ? notKnown : () => waiting.size(performance.now())),
    active: own.active ?? active,
    oldestJobAge: own.oldestJobAge ?? (isShared ? notKnown : countedAge),
  }
}

function askQueue(ask: () => number | undefined, what: string, say: QueueRegistry['say']): number | undefined {
  try {
    const value: unknown = ask()
    if (value === undefined || (typeof value === 'number' && value >= 0 && Number.isFinite(value))) return value
    const given = typeof value === 'number' ? value : typeof value
    say(`${what} is ${given}; expected a number from 0, or undefined while it is not known; it is not shown`)
  } catch (error) {
    say(`${what} could not be asked: ${errorText(error)}; it is not shown`)
  }
  return undefined
}
