import { isMethod, methodNames } from './method-names.ts'
import { createView, isObject } from './object-view.ts'

/** Measures one function of `target`, called on `view`, as a command. */
export type MeasureCommand = (command: string, fn: object, target: object, view: object) => unknown

/** How a plugin shows its commands. */
export interface PluginCommands {
  /** Those that it has now. */
  names(): string[]
  has(name: string): boolean
  /** What the plugin's view shows for one of its properties. */
  show(key: string | symbol, value: object, view: object, measure: MeasureCommand): unknown
}

/** The function of a command that is an object. */
const RUN_METHODS: ReadonlySet<string | symbol> = new Set(['run', 'execute', 'handler'])

/** The commands are the plugin's methods: the listed ones, or all that are public. */
export function methodCommands(plugin: object, listed: readonly string[] | undefined): PluginCommands {
  const has = (key: string | symbol): key is string =>
    listed === undefined ? isMethod(plugin, key) : typeof key === 'string' && listed.includes(key)
  return {
    names: () => (listed === undefined ? methodNames(plugin) : [...listed]),
    has,
    show: (key, value, view, measure) =>
      typeof value === 'function' && has(key) ? measure(key, value, plugin, view) : value,
  }
}

/** The commands are in the plugin's property `commands`: a record, a Map, or an array of named objects. */
export function containedCommands(plugin: { commands: object }, listed: readonly string[] | undefined): PluginCommands {
  const isListed = (name: string): boolean => listed === undefined || listed.includes(name)
  const names = (): string[] => [...entriesOf(plugin.commands)].map(([name]) => name).filter(isListed)
  return {
    names,
    has: (name) => names().includes(name),
    show(key, value, _view, measure) {
      if (key !== 'commands') return value
      const entry: Entry = (name, command, target, view) =>
        isListed(name) ? showCommand(name, command, target, view, measure) : command
      if (value instanceof Map) return mapView(value, entry)
      if (Array.isArray(value)) return arrayView(value, entry)
      return createView(value, (name, command, view) =>
        typeof name === 'string' && isMember(value, name, command) ? entry(name, command, value, view) : command,
      )
    },
  }
}

type Entry = (name: string, command: object, target: object, view: object) => unknown

function showCommand(name: string, command: object, target: object, view: object, measure: MeasureCommand): unknown {
  if (typeof command === 'function') return measure(name, command, target, view)
  return createView(command, (key, value, own) =>
    RUN_METHODS.has(key) && typeof value === 'function' ? measure(name, value, command, own) : value,
  )
}

function isMember(commands: object, name: string, command: object): boolean {
  return typeof command === 'function' ? isMethod(commands, name) : Object.hasOwn(commands, name)
}

function* entriesOf(commands: object): Iterable<[name: string, command: unknown]> {
  if (commands instanceof Map) {
    for (const [name, command] of commands as Map<unknown, unknown>) if (typeof name === 'string') yield [name, command]
  } else if (Array.isArray(commands)) {
    for (const command of commands as unknown[]) if (isNamed(command)) yield [command.name, command]
  } else {
    for (const name of methodNames(commands)) yield [name, undefined]
    for (const [name, command] of Object.entries(commands)) {
      if (typeof command === 'object' && command !== null) yield [name, command]
    }
  }
}

function isNamed(command: unknown): command is { name: string } {
  return isObject(command) && 'name' in command && typeof command.name === 'string' && command.name !== ''
}

function mapView(map: Map<unknown, unknown>, entry: Entry): object {
  const shown = new Map<unknown, { readonly value: unknown; readonly command: unknown }>()
  const show = (name: unknown, value: unknown): unknown => {
    if (typeof name !== 'string' || !isObject(value)) return value
    const known = shown.get(name)
    if (known?.value === value) return known.command
    const command = entry(name, value, map, view)
    shown.set(name, { value, command })
    return command
  }
  function* entries(): Generator<[unknown, unknown]> {
    for (const [name, value] of map) yield [name, show(name, value)]
  }
  function* values(): Generator {
    for (const [name, value] of map) yield show(name, value)
  }
  const readers = new Map<string | symbol, unknown>([
    ['get', (name: unknown) => show(name, map.get(name))],
    ['entries', entries],
    [Symbol.iterator, entries],
    ['values', values],
    [
      'forEach',
      (visit: (value: unknown, name: unknown, of: unknown) => void, receiver?: unknown) =>
        map.forEach((value, name) => Reflect.apply(visit, receiver, [show(name, value), name, view])),
    ],
  ])
  const view = createView(map, (key, value) => readers.get(key) ?? value)
  return view
}

function arrayView(array: unknown[], entry: Entry): unknown[] {
  const shown = new WeakMap<object, unknown>()
  // Array's own methods read through the view, as they work on anything that has a length.
  const view: unknown[] = new Proxy(Object.isFrozen(array) ? [...array] : array, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver)
      if (!isNamed(value) || typeof key !== 'string' || !/^\d+$/.test(key)) return value
      if (!shown.has(value)) shown.set(value, entry(value.name, value, target, view))
      return shown.get(value)
    },
  })
  return view
}
