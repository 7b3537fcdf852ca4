import { readNames, readTotals } from './component-totals.ts'
import type { TotalsSources } from './component-totals.ts'
import { pluginFigures } from './plugin-component.ts'
import type { PluginFigures } from './plugin-component.ts'
import { queueFigures } from './queue-component.ts'
import type { QueueFigures } from './queue-component.ts'
import { createTotalsWindow } from './totals-window.ts'

/** The figures of every plugin and queue, by name. */
export interface ComponentFigures {
  readonly plugins: ReadonlyMap<string, PluginFigures>
  readonly queues: ReadonlyMap<string, QueueFigures>
}

export interface ComponentSampler {
  /** Keeps a sample for the figures that cover a stretch of time. */
  sample(): void
  /** Tells, at little cost, which plugins and queues there are. */
  names(): ReturnType<typeof readNames>
  /** Reads the cells now. */
  read(): ComponentFigures
}

/** Creates what turns the meter's cells into figures over the last `window` ms. */
export function createComponentSampler(sources: TotalsSources, window: number): ComponentSampler {
  const kept = createTotalsWindow(window)
  kept.push(readTotals(sources))
  return {
    sample: () => kept.push(readTotals(sources)),
    names: () => readNames(sources),
    read() {
      const now = readTotals(sources)
      const base = kept.base(now.at)
      const seconds = base === undefined ? 0 : (now.at - base.at) / 1000
      const plugins = [...now.plugins].map(
        ([name, totals]) => [name, pluginFigures(totals, base?.plugins.get(name), seconds)] as const,
      )
      const queues = [...now.queues].map(([name, totals]) => {
        const sizes = [...kept.samples(), now].flatMap(({ at, queues: sampled }) => {
          const size = sampled.get(name)?.size
          return size === undefined ? [] : [{ at: at / 1000, size }]
        })
        return [name, queueFigures(totals, base?.queues.get(name), seconds, sizes)] as const
      })
      return { plugins: new Map(plugins), queues: new Map(queues) }
    },
  }
}
