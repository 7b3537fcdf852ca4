import { processWide } from '@mcp/otel-core'

import type { CommandName } from './execution.ts'
import { measuredFunction } from './measured-function.ts'
import type { AnyFunction, CallOptions } from './measured-function.ts'
import { addCommands, isName, pluginRegistry, quote, recordOf, say } from './plugin-registry.ts'

export interface CommandOptions extends CommandName, CallOptions {}

/**
 * Returns a function that measures every call and is otherwise the one given: same name, properties, `this`, results
 * and errors. A promise that it returns settles one microtask later than without us.
 */
export function instrumentCommand<F extends AnyFunction>(command: F, options: CommandOptions): F {
  const { plugin, command: name, ...call } = options
  const registry = pluginRegistry(call.meterProvider)
  if (typeof command !== 'function' || !isName(plugin) || !isName(name)) {
    const given = `${quote(command)} as ${quote(plugin)} ${quote(name)}`
    say(registry, `instrumentCommand was given ${given}; expected a function and two names; it is not measured`)
    return command
  }
  const measured = processWide('measured-commands', () => new WeakMap<object, CommandName>())
  const before = measured.get(command)
  if (before?.plugin === plugin && before.command === name) return command
  addCommands(registry, recordOf(registry, plugin), [name])
  const proxy = measuredFunction(command, {
    options: call,
    nameOf: () => ({ plugin, command: name }),
    call: Reflect.apply,
  })
  measured.set(proxy, { plugin, command: name })
  return proxy
}
