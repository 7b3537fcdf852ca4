import { EventEmitter } from 'node:events'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { instrumentPlugin, listPlugins, setPluginUp, unregisterPlugin } from '../src/index.ts'
import * as modulePlugin from './support/module-plugin.ts'
import { createOwnTelemetry, registerContext, unregisterContext } from './support/telemetry.ts'
import type { OwnTelemetry } from './support/telemetry.ts'

let telemetry: OwnTelemetry
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createOwnTelemetry()
})
/** Successful executions by command. */
const counted = (): Record<string, number> =>
  Object.fromEntries(
    Object.entries(telemetry.points('mcp.plugin.executions')).flatMap(([labels, count]) => {
      const [, command] = /command=(.*),status=success/.exec(labels) ?? []
      return command !== undefined && count > 0 ? [[command, count]] : []
    }),
  )

function Old(this: { base: number }): void {
  this.base = 10
}
Old.prototype.plus = function (this: { base: number }, value: number): number {
  return this.base + value
}

class Counter {
  static readonly created: Counter[] = []
  readonly name = 'counter'
  #count = 0
  get count(): number {
    return this.#count
  }
  set count(value: number) {
    this.#count = value
  }
  add(by: number): number {
    this.#count += by
    return this.#count
  }
  async addLater(by: number): Promise<number> {
    await Promise.resolve()
    return this.add(by)
  }
  self(): this {
    return this
  }
  _hidden(): number {
    return this.#count
  }
  static has(value: object): boolean {
    return #count in value
  }
}

describe('a class instance', () => {
  test('keeps its private fields, accessors, class and identity of methods', async () => {
    const original = new Counter()
    const plugin = instrumentPlugin(original, telemetry)
    expect(plugin.add(2)).toBe(2)
    expect(await plugin.addLater(3)).toBe(5)
    expect(plugin.count).toBe(5)
    plugin.count = 10
    expect(original.count).toBe(10)
    expect(plugin._hidden()).toBe(10)
    expect(plugin).toBeInstanceOf(Counter)
    expect(plugin.constructor).toBe(Counter)
    expect(Reflect.get(plugin, 'add')).toBe(Reflect.get(plugin, 'add'))
    expect(Reflect.get(plugin, 'add')).toHaveProperty('name', 'add')
    expect(Object.keys(plugin)).toEqual(Object.keys(original))
    expect('add' in plugin).toBe(true)
    expect(Object.entries(plugin)).toEqual(Object.entries(original))
  })

  test('is measured from outside only: what it calls on itself is part of the execution, and it is not changed', async () => {
    const original = new Counter()
    const plugin = instrumentPlugin(original, telemetry)
    await plugin.addLater(1)
    original.add(1)
    expect(counted()).toEqual({ addLater: 1 })
    expect(Object.getOwnPropertyNames(original)).toEqual(['name'])
  })

  test('of a constructor from before there were classes keeps it, and lends its methods to others', () => {
    const original = Reflect.construct(Old, []) as { plus(value: number): number }
    const plugin = instrumentPlugin(original, telemetry)
    expect(plugin.constructor).toBe(Old)
    expect(plugin.plus(1)).toBe(11)
    const borrower = { base: 20, plus: Reflect.get<object, 'plus'>(plugin, 'plus') as typeof plugin.plus }
    expect(borrower.plus(1)).toBe(21)
    expect(counted()).toEqual({ plus: 2 })
  })

  test('that returns itself returns what the caller knows', () => {
    const plugin = instrumentPlugin(new Counter(), telemetry)
    expect(plugin.self()).toBe(plugin)
    plugin.self().add(1)
    expect(counted()).toEqual({ self: 2, add: 1 })
  })

  test('has its public methods for commands, inherited ones too, and they start at 0', () => {
    class Named extends Counter {
      override readonly name = 'counter' as const
      list(): void {}
    }
    instrumentPlugin(new Named(), telemetry)
    expect(listPlugins(telemetry)).toMatchObject([
      { name: 'counter', up: true, commands: ['list', 'add', 'addLater', 'self'] },
    ])
    expect(telemetry.points('mcp.plugin.executions')).toMatchObject({
      'plugin=counter,command=addLater,status=timeout': 0,
    })
  })

  test('that is an event emitter has not its methods for commands, and its events arrive', () => {
    class Watcher extends EventEmitter {
      watch(): void {
        this.emit('seen', 1)
      }
    }
    const plugin = instrumentPlugin(new Watcher(), telemetry)
    const seen: unknown[] = []
    plugin.on('seen', (value) => seen.push(value))
    plugin.watch()
    expect(seen).toEqual([1])
    expect(listPlugins(telemetry)).toMatchObject([{ name: 'Watcher', commands: ['watch'] }])
  })

  test('built on a Map or a WeakMap of its instances works', () => {
    const secrets = new WeakMap<object, number>()
    class Store extends Map<string, number> {
      constructor() {
        super([['a', 1]])
        secrets.set(this, 42)
      }
      secret(): number | undefined {
        return secrets.get(this)
      }
    }
    const plugin = instrumentPlugin(new Store(), telemetry)
    expect(plugin.get('a')).toBe(1)
    expect(plugin.size).toBe(1)
    expect(plugin.secret()).toBe(42)
    expect(listPlugins(telemetry)).toMatchObject([{ commands: ['secret'] }])
  })
})

describe('a plain object', () => {
  test('has its functions for commands, one added later too, and each sees `this`', () => {
    const original = {
      name: 'plain',
      base: 10,
      plus(value: number) {
        return this.base + value
      },
    }
    const plugin = instrumentPlugin<typeof original & { later?: () => number }>(original, telemetry)
    expect(plugin.plus(1)).toBe(11)
    plugin.later = () => 7
    expect(plugin.later()).toBe(7)
    original.plus = () => 0
    expect(plugin.plus(1)).toBe(0)
    expect(counted()).toEqual({ plus: 2, later: 1 })
  })

  test('that is frozen is measured all the same', () => {
    const original = Object.freeze({ name: 'frozen', list: Object.freeze(() => 7) })
    const plugin = instrumentPlugin(original, telemetry)
    expect(plugin.list()).toBe(7)
    expect(Object.keys(plugin)).toEqual(['name', 'list'])
    expect(Reflect.set(plugin, 'name', 'other')).toBe(false)
    expect(counted()).toEqual({ list: 1 })
  })

  test('that is a module is measured, with exports of every make', async () => {
    const source = 'export const name = "module-plugin"; export const double = (value) => value * 2'
    const transpiled = { __esModule: true }
    Object.defineProperty(transpiled, 'double', { enumerable: true, get: () => (value: number) => value * 2 })
    for (const module of [
      (await import(`data:text/javascript,${source}`)) as typeof modulePlugin,
      modulePlugin,
      transpiled as unknown as typeof modulePlugin,
    ]) {
      telemetry = createOwnTelemetry()
      const plugin = instrumentPlugin(module, { ...telemetry, name: 'module' })
      expect(plugin.double(4)).toBe(8)
      expect(listPlugins(telemetry)).toMatchObject([{ name: 'module', commands: ['double'] }])
      expect(counted()).toEqual({ double: 1 })
    }
  })

  test('has only the commands that are listed, where some are', () => {
    const plugin = instrumentPlugin({ init: () => 1, run: () => 2 }, { ...telemetry, name: 'p', commands: ['run'] })
    expect(plugin.init()).toBe(1)
    expect(plugin.run()).toBe(2)
    expect(counted()).toEqual({ run: 1 })
    expect(listPlugins(telemetry)).toMatchObject([{ commands: ['run'] }])
  })

  test('may list its commands itself, by name', () => {
    const plugin = instrumentPlugin({ name: 'p', commands: ['run'], init: () => 1, run: () => 2 }, telemetry)
    plugin.init()
    plugin.run()
    expect(counted()).toEqual({ run: 1 })
    expect(plugin.commands).toEqual(['run'])
    const other = instrumentPlugin({ ...plugin }, { ...telemetry, name: 'other', commands: ['init'] })
    other.init()
    other.run()
    expect(listPlugins(telemetry)[1]).toMatchObject({ commands: ['init'], executions: { success: 1 } })
  })

  test('that can be awaited is so unmeasured', async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- as a client that connects has it
    const original = { name: 'p', run: () => 7, then: (resolve: (value: number) => void) => resolve(8) }
    expect(await instrumentPlugin(original, telemetry)).toBe(8)
    expect(listPlugins(telemetry)).toMatchObject([{ commands: ['run'], executions: { success: 0 } }])
  })
})

describe('commands in a property', () => {
  test('as a record of functions, or of objects that run', async () => {
    const original = {
      name: 'files',
      help: () => 'text',
      commands: {
        list: async (path: string) => [path],
        sum: {
          description: 'adds up',
          factor: 2,
          run(value: number) {
            return this.factor * value
          },
        },
        version: '1.0',
      },
    }
    const plugin = instrumentPlugin(original, telemetry)
    expect(await plugin.commands.list('/tmp')).toEqual(['/tmp'])
    expect(plugin.commands.sum.run(4)).toBe(8)
    expect(plugin.commands.sum).toBe(plugin.commands.sum)
    expect(plugin.commands.sum.description).toBe('adds up')
    expect(plugin.commands.version).toBe('1.0')
    expect(plugin.help()).toBe('text')
    expect(Object.keys(plugin.commands)).toEqual(['list', 'sum', 'version'])
    expect(counted()).toEqual({ list: 1, sum: 1 })
    expect(listPlugins(telemetry)).toMatchObject([{ commands: ['list', 'sum'] }])
  })

  test('as a Map', () => {
    const commands = new Map([
      ['one', () => 1],
      ['two', () => 2],
    ])
    const plugin = instrumentPlugin({ name: 'p', commands }, telemetry)
    expect(plugin.commands).toBeInstanceOf(Map)
    expect(plugin.commands.get('one')?.()).toBe(1)
    expect(plugin.commands.get('none')).toBeUndefined()
    expect(plugin.commands.get('one')).toBe(plugin.commands.get('one'))
    expect([...plugin.commands].map(([name, run]) => [name, run()])).toEqual([
      ['one', 1],
      ['two', 2],
    ])
    expect(Array.from(plugin.commands.values(), (run) => run())).toEqual([1, 2])
    plugin.commands.forEach((run, _, of) => {
      expect(of).toBe(plugin.commands)
      run()
    })
    plugin.commands.set('three', () => 3)
    expect(commands.size).toBe(3)
    expect(plugin.commands.size).toBe(3)
    expect(plugin.commands.get('three')?.()).toBe(3)
    commands.set('three', () => 33)
    expect(plugin.commands.get('three')?.()).toBe(33)
    expect(counted()).toEqual({ one: 4, two: 3, three: 2 })
  })

  test('as an array of objects with a name', () => {
    const commands = [
      { name: 'one', execute: () => 1 },
      { name: 'two', execute: () => 2 },
    ]
    const plugin = instrumentPlugin({ name: 'p', commands }, telemetry)
    expect(plugin.commands.find(({ name }) => name === 'two')?.execute()).toBe(2)
    expect(plugin.commands.map((command) => command.execute())).toEqual([1, 2])
    for (const command of plugin.commands) command.execute()
    expect(Array.isArray(plugin.commands)).toBe(true)
    expect(plugin.commands).toHaveLength(2)
    expect(counted()).toEqual({ one: 2, two: 3 })
  })

  test('as an array that is frozen', () => {
    const commands = Object.freeze([{ name: 'one', execute: () => 1 }])
    const plugin = instrumentPlugin({ name: 'p', commands }, telemetry)
    expect(plugin.commands.map((command) => command.execute())).toEqual([1])
    expect(counted()).toEqual({ one: 1 })
  })

  test('only those that are listed, where some are', () => {
    const commands = { init: () => 1, run: () => 2 }
    const plugin = instrumentPlugin({ commands }, { ...telemetry, name: 'p', commands: ['run'] })
    expect(plugin.commands.init()).toBe(1)
    expect(plugin.commands.run()).toBe(2)
    expect(counted()).toEqual({ run: 1 })
  })
})

const createDispatcher = (): { name: string; commands: Record<string, (value: number) => number>; run: Run } => ({
  name: 'files',
  commands: { double: (value) => value * 2 },
  run(command, value) {
    const found = this.commands[command]
    if (found === undefined) throw new RangeError(`no command ${command}`)
    return found(value)
  },
})
type Run = (this: { commands: Record<string, (value: number) => number> }, command: string, value: number) => number

describe('a dispatching method', () => {
  test('is measured as the command that it runs, once, and names from outside make no series', () => {
    const plugin = instrumentPlugin(createDispatcher(), { ...telemetry, dispatch: 'run' })
    expect(plugin.run('double', 4)).toBe(8)
    expect(() => plugin.run('<script>', 4)).toThrow(new RangeError('no command <script>'))
    plugin.run('toString', 4)
    expect(counted()).toEqual({ double: 1, _OTHER: 1 })
    expect(telemetry.points('mcp.plugin.executions')).toMatchObject({
      'plugin=files,command=_OTHER,status=error': 1,
    })
  })

  test('of a class runs its methods, itself no command', () => {
    class Files {
      run(command: 'list', value: number): number {
        return this[command](value)
      }
      list(value: number): number {
        return value
      }
    }
    const plugin = instrumentPlugin(new Files(), { ...telemetry, dispatch: 'run' })
    expect(plugin.run('list', 7)).toBe(7)
    expect(() => plugin.run('run' as 'list', 7)).toThrow(TypeError)
    expect(counted()).toEqual({ list: 1 })
    expect(listPlugins(telemetry)).toMatchObject([{ name: 'Files', commands: ['list'] }])
    expect(telemetry.points('mcp.plugin.executions')).toMatchObject({ 'plugin=Files,command=_OTHER,status=error': 1 })
  })
})

test('measured twice it is counted once, and by another name for each of the two', () => {
  const plugin = instrumentPlugin({ name: 'p', run: () => 7 }, telemetry)
  expect(instrumentPlugin(plugin, telemetry)).toBe(plugin)
  plugin.run()
  expect(counted()).toEqual({ run: 1 })
  instrumentPlugin(plugin, { ...telemetry, name: 'q' }).run()
  expect(telemetry.points('mcp.plugin.executions')).toMatchObject({
    'plugin=p,command=run,status=success': 2,
    'plugin=q,command=run,status=success': 1,
  })
})

test('measured anew, as after it was loaded anew, it is up again', () => {
  setPluginUp('p', false, telemetry)
  instrumentPlugin({ name: 'p', run: () => 7 }, telemetry)
  expect(telemetry.points('mcp.plugin.up')).toEqual({ 'plugin=p': 1 })
})

test('after it was unregistered, another call proves that it is there after all', () => {
  const plugin = instrumentPlugin({ name: 'p', run: () => 7 }, telemetry)
  plugin.run()
  unregisterPlugin('p', telemetry)
  expect(telemetry.points('mcp.plugin.executions')).toEqual({})
  plugin.run()
  expect(counted()).toEqual({ run: 1 })
})

test('what is no plugin, or has no name, is given back as it is', () => {
  const nameless = Object.create(null) as object
  for (const value of [undefined, null, 7, nameless, { run() {} }]) {
    expect(instrumentPlugin(value as object, telemetry)).toBe(value)
  }
  expect(listPlugins(telemetry)).toEqual([])
})
