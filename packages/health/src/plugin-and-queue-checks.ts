import type { CheckFn, CheckOptions, CheckReturn } from './check-options.ts'
import type { CheckRegistry } from './check-registry.ts'
import type { ComponentFigures, ComponentSampler } from './component-sampler.ts'
import type { ComponentPolicy, PluginPolicy, QueuePolicy } from './health-options.ts'
import { judgePlugin } from './plugin-component.ts'
import { judgeQueue } from './queue-component.ts'
import type { PluginHealth, QueueHealth } from './report.ts'
import { severityOf } from './status.ts'

export interface ComponentChecks {
  /** Reads the cells, and makes the set of checks the set of plugins and queues there are. */
  sync(): void
  /** Whether there is a plugin or a queue on the page that `sync()` has not met. */
  hasNew(): boolean
  plugins(): Record<string, PluginHealth>
  queues(): Record<string, QueueHealth>
}

/** Keeps one check per plugin (`plugin:<name>`) and per queue (`queue:<name>`), whatever comes and goes. */
export function createComponentChecks(
  registry: CheckRegistry,
  sampler: ComponentSampler,
  pluginPolicy: PluginPolicy,
  queuePolicy: QueuePolicy,
): ComponentChecks {
  let figures: ComponentFigures = { plugins: new Map(), queues: new Map() }
  const known = new Set<string>()

  const judgedPlugin = (name: string): CheckFn => {
    const judgement = (): CheckReturn => {
      const now = figures.plugins.get(name)
      return now === undefined ? 'healthy' : judgePlugin(now, pluginPolicy)
    }
    const probe = pluginPolicy.probes?.[name]
    return probe === undefined ? judgement : async (context) => worse(judgement(), await probe(context))
  }
  const judgedQueue = (name: string): CheckFn => {
    return () => {
      const now = figures.queues.get(name)
      return now === undefined ? 'healthy' : judgeQueue(now, queuePolicy)
    }
  }

  return {
    sync() {
      figures = sampler.read()
      const present = new Set<string>()
      const want = (kind: string, name: string, fn: (name: string) => CheckFn, policy: ComponentPolicy): void => {
        const id = `${kind}:${name}`
        present.add(id)
        if (known.has(id)) return
        known.add(id)
        registry.add(id, fn(name), optionsOf(name, policy))
      }
      for (const name of figures.plugins.keys()) want('plugin', name, judgedPlugin, pluginPolicy)
      for (const name of figures.queues.keys()) want('queue', name, judgedQueue, queuePolicy)
      for (const id of known) {
        if (present.has(id)) continue
        known.delete(id)
        registry.remove(id)
      }
    },
    hasNew() {
      const { plugins, queues } = sampler.names()
      return plugins.some((name) => !known.has(`plugin:${name}`)) || queues.some((name) => !known.has(`queue:${name}`))
    },
    plugins: () => {
      const now = sampler.read().plugins
      return byName(now, (name, plugin) => ({ ...stateOf(registry, `plugin:${name}`), ...plugin }))
    },
    queues: () => {
      const now = sampler.read().queues
      return byName(now, (name, queue) => ({ ...stateOf(registry, `queue:${name}`), ...queue }))
    },
  }
}

function optionsOf(name: string, policy: ComponentPolicy & { readonly timeout?: number }): CheckOptions {
  const { critical = false, failAfter = 1, recoverAfter = 2, ttl = 1000, timeout = 5000 } = policy
  return {
    critical: typeof critical === 'boolean' ? critical : critical.includes(name),
    failAfter,
    recoverAfter,
    ttl,
    timeout,
    interval: 0,
    groups: ['readiness'],
  }
}

function stateOf(registry: CheckRegistry, id: string): Pick<PluginHealth, 'status' | 'message'> {
  const state = registry.get(id)?.state
  if (state === undefined) return { status: 'healthy' }
  const { message } = state.last.result
  return { status: state.status, ...(message !== undefined && { message }) }
}

function byName<F, T>(figures: ReadonlyMap<string, F>, health: (name: string, figures: F) => T): Record<string, T> {
  return Object.fromEntries([...figures].map(([name, value]) => [name, health(name, value)]))
}

function worse(a: CheckReturn, b: CheckReturn): CheckReturn {
  return severity(b) > severity(a) ? b : a
}

function severity(value: CheckReturn): number {
  if (value === undefined || value === true) return 0
  if (value === false) return 2
  return severityOf(typeof value === 'string' ? value : value.status)
}
