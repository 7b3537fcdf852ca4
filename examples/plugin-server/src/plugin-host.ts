import { setTimeout as wait } from 'node:timers/promises'

import type { Logger } from '@mcp/otel-logging'
import { registerPlugin, setPluginUp, unregisterPlugin } from '@mcp/otel-plugin-instrumentation'

import { createJobHistory, type Job } from './job.ts'
import { loadPlugins, type Plugin } from './load-plugins.ts'
import { createPluginQueue, type PluginQueue, type RunResult } from './plugin-queue.ts'
import { RequestError } from './request-error.ts'
import type { RunRequest } from './run-request.ts'

/** The plugins that are loaded, each with its queue. */
export interface PluginHost {
  /** Reads the plugins' directory, again when asked again: new ones come, changed ones change, missing ones go. */
  load(): Promise<void>
  /** What `GET /help` lists. */
  describe(): readonly PluginDescription[]
  /** Runs one command; throws a `RequestError` that says why when it does not end well. */
  run(request: RunRequest, client: AbortSignal): Promise<RunResult>
  job(id: string): Job
  /** Takes no more jobs and lets the present ones end; says whether they did within `seconds`, else stops them. */
  drain(seconds: number): Promise<boolean>
}

interface PluginDescription {
  readonly name: string
  readonly description: string
  readonly timeoutSeconds: number
  readonly commands: readonly {
    readonly name: string
    readonly description: string
    /** Schemas of the arguments, by name. */
    readonly args: unknown
    readonly required: readonly string[]
  }[]
}

export interface PluginHostOptions {
  /** Directory that holds the plugins. */
  readonly directory: string
  /** Directory whose files they may read. */
  readonly root: string
  readonly log: Logger
}

const REMEMBERED_JOBS = 5000

/** Creates a host without plugins: `load` brings them. */
export function createPluginHost({ directory, root, log }: PluginHostOptions): PluginHost {
  const queues = new Map<string, PluginQueue>()
  const history = createJobHistory(REMEMBERED_JOBS)
  let broken: readonly string[] = []
  let draining = false

  async function load(): Promise<void> {
    const { plugins, refused } = await loadPlugins(directory, root)
    const present = new Set(plugins.map((plugin) => plugin.name))
    for (const name of queues.keys()) if (!present.has(name)) unload(name)
    for (const name of broken) unregisterPlugin(name)
    for (const plugin of plugins) add(plugin)
    broken = refused.map(({ name }) => name)
    for (const { name, reason } of refused) {
      // It is there, but down: metrics and health are to show it.
      setPluginUp(name, false)
      log.error(new Error(reason), { plugin: name })
    }
  }

  function add(plugin: Plugin): void {
    const commands = [...plugin.commands.keys()]
    registerPlugin(plugin.name, { commands })
    const queue = queues.get(plugin.name)
    if (queue !== undefined) return queue.update(plugin)
    queues.set(plugin.name, createPluginQueue({ plugin, root, history, log }))
    log.audit('plugin.load', 'system', { plugin: plugin.name, commands })
  }

  function unload(name: string): void {
    queues.get(name)?.remove()
    queues.delete(name)
    unregisterPlugin(name)
    log.audit('plugin.unload', 'system', { plugin: name })
  }

  async function run({ plugin, command, args }: RunRequest, client: AbortSignal): Promise<RunResult> {
    const queue = queues.get(plugin)
    if (queue === undefined) throw unknownName('plugin', plugin, queues.keys())
    const known = queue.plugin.commands.get(command)
    if (known === undefined) throw unknownName('command', command, queue.plugin.commands.keys())
    known.validate(args)
    if (draining) throw new RequestError(503, 'stopping', 'the server is stopping and takes no more jobs')
    return queue.run(command, args, client)
  }

  function job(id: string): Job {
    const found = history.find(id)
    if (found !== undefined) return found
    throw new RequestError(404, 'unknown_job', `there is no job "${id}" among the latest ${REMEMBERED_JOBS}`)
  }

  async function drain(seconds: number): Promise<boolean> {
    draining = true
    const all = [...queues.values()]
    const idle = Promise.all(all.map((queue) => queue.idle())).then(() => true)
    const drained = await Promise.race([idle, wait(seconds * 1000, false, { ref: false })])
    for (const queue of all) queue.stop()
    await idle
    return drained
  }

  return { load, describe: () => [...queues.values()].map(({ plugin }) => describePlugin(plugin)), run, job, drain }
}

function describePlugin({ name, description, timeoutSeconds, commands }: Plugin): PluginDescription {
  return {
    name,
    description,
    timeoutSeconds,
    commands: [...commands].map(([command, { description: text, args }]) => ({
      name: command,
      description: text,
      args: args['properties'] ?? {},
      required: args['required'] ?? [],
    })),
  }
}

function unknownName(kind: 'plugin' | 'command', name: string, known: Iterable<string>): RequestError {
  return new RequestError(404, `unknown_${kind}`, `there is no ${kind} "${name}"; known: ${[...known].join(', ')}`)
}
