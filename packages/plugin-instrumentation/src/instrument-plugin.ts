import { processWide } from '@mcp/otel-core'

import { measuredFunction } from './measured-function.ts'
import type { AnyFunction, CallOptions } from './measured-function.ts'
import { callOnTarget, createView, isObject } from './object-view.ts'
import { containedCommands, methodCommands } from './plugin-commands.ts'
import type { MeasureCommand, PluginCommands } from './plugin-commands.ts'
import { OTHER, addCommands, isName, pluginRegistry, quote, recordOf, say } from './plugin-registry.ts'

export interface PluginOptions extends CallOptions {
  /** Default: the plugin's `name`, else the name of its class. */
  readonly name?: string | undefined
  /** Which are its commands; default: what its `commands` hold, else all its public methods. */
  readonly commands?: readonly string[] | undefined
  /** Name of the method, if there is one, that runs the command whose name is its first argument. */
  readonly dispatch?: string | undefined
}

/**
 * Returns a plugin that measures every call of its commands from outside and is otherwise the one given: same results,
 * same errors. Commands are the functions in its `commands` (a record or Map of functions, or of objects with `run`,
 * `execute` or `handler`; an array of such objects with a `name`); without that, or with an array of names there, its
 * public methods. The plugin itself is not changed: calls that it makes on itself are part of the execution.
 */
export function instrumentPlugin<P extends object>(plugin: P, options: PluginOptions = {}): P {
  const { name: given, commands: listed, dispatch, ...call } = options
  const registry = pluginRegistry(call.meterProvider)
  const name = given ?? nameOf(plugin)
  if (!isObject(plugin) || !isName(name)) {
    const what = isObject(plugin) ? `a plugin whose name is ${quote(name)}` : quote(plugin)
    say(registry, `instrumentPlugin was given ${what}; expected an object with a name; it is not measured`)
    return plugin
  }
  const measured = processWide('measured-plugins', () => new WeakMap<object, string>())
  if (measured.get(plugin) === name) return plugin
  const commands = commandsOf(plugin, listed)
  const record = recordOf(registry, name)
  record.up = true
  addCommands(
    registry,
    record,
    commands.names().filter((command) => command !== dispatch),
  )
  const measure: MeasureCommand = (command, fn, target, view) => {
    addCommands(registry, recordOf(registry, name), [command])
    const fixed = { plugin: name, command }
    return measuredFunction(fn as AnyFunction, { options: call, nameOf: () => fixed, call: callOnTarget(target, view) })
  }
  const view = createView(plugin, (key, value, own) => {
    if (key !== dispatch || typeof value !== 'function') return commands.show(key, value, own, measure)
    return measuredFunction(value as AnyFunction, {
      options: call,
      nameOf: ([command]) => ({ plugin: name, command: isCommand(commands, command, dispatch) ? command : OTHER }),
      call: callOnTarget(plugin, own),
    })
  })
  measured.set(view, name)
  return view
}

function isCommand(commands: PluginCommands, command: unknown, dispatch: string): command is string {
  return typeof command === 'string' && command !== dispatch && commands.has(command)
}

function commandsOf(plugin: object, listed: readonly string[] | undefined): PluginCommands {
  const contained = read(plugin, 'commands')
  if (isNames(contained)) return methodCommands(plugin, listed ?? contained)
  if (typeof contained === 'object' && contained !== null) {
    return containedCommands(plugin as { commands: object }, listed)
  }
  return methodCommands(plugin, listed)
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string') && value.length > 0
}

function nameOf(plugin: unknown): string | undefined {
  if (!isObject(plugin)) return undefined
  const name = read(plugin, 'name')
  if (isName(name)) return name
  const constructor = read(plugin, 'constructor')
  return typeof constructor === 'function' && constructor !== Object && constructor.name !== ''
    ? constructor.name
    : undefined
}

function read(object: object, key: string): unknown {
  try {
    return (object as Record<string, unknown>)[key]
  } catch {
    // A getter of the application's threw: then it has nothing to say.
    return undefined
  }
}
