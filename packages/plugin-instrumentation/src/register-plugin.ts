import type { OutcomeStatus } from '@mcp/otel-core'
import type { MeterProvider } from '@opentelemetry/api'

import type { PluginRecord } from './plugin-record.ts'
import { addCommands, addRecord, isName, pluginRegistry, quote, recordOf, say } from './plugin-registry.ts'

/** Where plugins are measured. */
export interface PluginScope {
  /** Default: the global meter provider, also when it is registered only later. */
  readonly meterProvider?: MeterProvider | undefined
}

export interface RegisterPluginOptions extends PluginScope {
  /** The closed list of its commands: their series start at 0, and any other name is measured as `_OTHER`. */
  readonly commands?: Iterable<string> | undefined
}

/** What is known of a plugin. */
export interface PluginStatus {
  readonly name: string
  readonly up: boolean
  /** Executions in progress. */
  readonly active: number
  /** When the last execution ended. */
  readonly lastExecution?: Date
  /** Executions that have ended, by status. */
  readonly executions: Readonly<Record<OutcomeStatus, number>>
  /** Executions that ended as `error` or `timeout` since the last `success`. */
  readonly consecutiveFailures: number
  /** Its commands, as far as the application has named them before running them. */
  readonly commands: readonly string[]
}

/** Makes a plugin known: it is up, and the series of its commands start at 0. Registering again adds commands. */
export function registerPlugin(name: string, options: RegisterPluginOptions = {}): void {
  const registry = pluginRegistry(options.meterProvider)
  if (!isName(name)) {
    say(registry, `plugin name is ${quote(name)}; expected a non-empty string; the plugin is not registered`)
    return
  }
  const record = registry.plugins.get(name) ?? addRecord(registry, name)
  record.up = true
  if (options.commands === undefined) return
  record.closed = true
  addCommands(registry, record, options.commands)
}

/** Says whether a plugin is available. */
export function setPluginUp(name: string, up: boolean, scope: PluginScope = {}): void {
  const registry = pluginRegistry(scope.meterProvider)
  if (isName(name)) recordOf(registry, name).up = up
  else say(registry, `plugin name is ${quote(name)}; expected a non-empty string; its availability is not set`)
}

/** Forgets a plugin that was unloaded: all its series are gone from the next scrape. */
export function unregisterPlugin(name: string, scope: PluginScope = {}): void {
  const { plugins, instruments } = pluginRegistry(scope.meterProvider)
  plugins.delete(name)
  instruments.executions.remove({ plugin: name })
  instruments.executionDuration.remove({ plugin: name })
}

/** Returns what is known of each plugin, in the order of their first appearance. */
export function listPlugins(scope: PluginScope = {}): PluginStatus[] {
  return Array.from(pluginRegistry(scope.meterProvider).plugins.values(), statusOf)
}

function statusOf({ name, up, active, lastEnded, ended, consecutiveFailures, commands }: PluginRecord): PluginStatus {
  return {
    name,
    up,
    active,
    ...(lastEnded !== undefined && { lastExecution: new Date(lastEnded) }),
    executions: { ...ended },
    consecutiveFailures,
    commands: [...commands],
  }
}
