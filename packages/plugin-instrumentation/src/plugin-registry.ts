import { createErrorInstruments, createInstruments, processWide } from '@mcp/otel-core'
import type { ErrorInstruments, Instruments } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'
import type { MeterProvider } from '@opentelemetry/api'

import { pluginInstruments } from './instruments.ts'
import { createPluginRecord } from './plugin-record.ts'
import type { PluginRecord } from './plugin-record.ts'
import { VERSION } from './version.ts'

/** Instrumentation scope of the plugin metrics and spans. */
export const PLUGIN_SCOPE = '@mcp/otel-plugin-instrumentation'

/** What a name becomes that is none of the application's own: it came from a user, and must not make a series. */
export const OTHER = '_OTHER'

/** Plugins that were never registered may be this many; names beyond are taken for `_OTHER`. */
const MAX_UNREGISTERED = 1000

/** The plugins of one meter provider, and the instruments that speak of them. */
export interface PluginRegistry {
  readonly plugins: Map<string, PluginRecord>
  readonly instruments: Instruments<typeof pluginInstruments>
  readonly errors: ErrorInstruments
  /** What has been said already: each complaint is made once. */
  readonly said: Set<string>
}

interface Registries {
  global?: PluginRegistry
  readonly byProvider: WeakMap<MeterProvider, PluginRegistry>
}

const registries = processWide<Registries>('plugins', () => ({ byProvider: new WeakMap() }))

/** Returns the registry of a meter provider; without one, that of the global provider, which may be registered later. */
export function pluginRegistry(meterProvider?: MeterProvider): PluginRegistry {
  if (meterProvider === undefined) return (registries.global ??= createRegistry())
  let registry = registries.byProvider.get(meterProvider)
  if (registry === undefined) registries.byProvider.set(meterProvider, (registry = createRegistry(meterProvider)))
  return registry
}

/** Finds the record of a plugin, or makes one: an execution proves that the plugin is there. */
export function recordOf(registry: PluginRegistry, plugin: string): PluginRecord {
  const known = registry.plugins.get(plugin)
  if (known !== undefined) return known
  if (registry.plugins.size < MAX_UNREGISTERED || plugin === OTHER) return addRecord(registry, plugin)
  say(
    registry,
    `more than ${MAX_UNREGISTERED} plugins; ${quote(plugin)} and others are measured as ${OTHER}; register plugins by name`,
    'too many plugins',
  )
  return recordOf(registry, OTHER)
}

/** Makes the record of a plugin, whatever the number of them. */
export function addRecord(registry: PluginRegistry, plugin: string): PluginRecord {
  const record = createPluginRecord(plugin)
  registry.plugins.set(plugin, record)
  return record
}

/** Makes commands known that the application itself has named: their series start at 0. */
export function addCommands(registry: PluginRegistry, record: PluginRecord, commands: Iterable<string>): void {
  for (const command of commands) {
    if (record.commands.has(command)) continue
    record.commands.add(command)
    registry.instruments.executions.zero({ plugin: record.name, command })
    registry.instruments.executionDuration.zero({ plugin: record.name, command })
  }
}

/** Says once what went wrong in us; `reason` is what counts as the same, where the complaint names an example. */
export function say(registry: PluginRegistry, complaint: string, reason: string = complaint): void {
  if (registry.said.has(reason) || registry.said.size >= MAX_UNREGISTERED) return
  registry.said.add(reason)
  diag.warn(complaint)
}

/** Is it fit to name a plugin or a command? */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name !== ''
}

/** How a complaint quotes a value. */
export function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return value === null ? 'null' : typeof value
}

function createRegistry(meterProvider?: MeterProvider): PluginRegistry {
  const instruments = createInstruments(pluginInstruments, {
    scope: PLUGIN_SCOPE,
    version: VERSION,
    isSound: true,
    meterProvider,
  })
  const errors = createErrorInstruments(meterProvider)
  const plugins = new Map<string, PluginRecord>()
  instruments.activeExecutions.observe((observe) => {
    for (const { name, active } of plugins.values()) observe(active, { plugin: name })
  })
  instruments.up.observe((observe) => {
    for (const { name, up } of plugins.values()) observe(up ? 1 : 0, { plugin: name })
  })
  instruments.lastExecution.observe((observe) => {
    for (const { name, lastEnded } of plugins.values()) {
      if (lastEnded !== undefined) observe(lastEnded / 1000, { plugin: name })
    }
  })
  return { plugins, instruments, errors, said: new Set() }
}
