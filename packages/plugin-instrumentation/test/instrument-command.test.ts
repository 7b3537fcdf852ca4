import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { instrumentCommand, listPlugins, withExecution } from '../src/index.ts'
import { createOwnTelemetry, registerContext, underSpan, unregisterContext } from './support/telemetry.ts'
import type { OwnTelemetry } from './support/telemetry.ts'

let telemetry: OwnTelemetry
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createOwnTelemetry()
})
const options = (command = 'list'): { plugin: string; command: string } & OwnTelemetry => ({
  plugin: 'files',
  command,
  ...telemetry,
})
const counted = (): Record<string, number> =>
  Object.fromEntries(Object.entries(telemetry.points('mcp.plugin.executions')).filter(([, count]) => count > 0))

async function list(this: unknown, _path: string, _depth?: number): Promise<void> {}

const seven = (): number => 7

function failing(): never {
  throw new Error('deep')
}

test('a measured function has the name, length, properties, prototype and source-bound class of the one given', () => {
  const described = Object.assign(list, { description: 'lists files', schema: { type: 'object' } })
  const measured = instrumentCommand(described, options())
  expect(measured.name).toBe('list')
  expect(measured).toHaveLength(2)
  expect(Object.entries(measured)).toEqual(Object.entries(described))
  expect(measured.constructor.name).toBe('AsyncFunction')
  expect(Object.prototype.toString.call(measured)).toBe('[object AsyncFunction]')
  described.description = 'changed later'
  expect(measured.description).toBe('changed later')
})

test('it gets the `this` and the arguments of its call, and none where there is none', () => {
  const seen: unknown[] = []
  const measured = instrumentCommand(function (this: unknown, ...args: unknown[]) {
    seen.push(this, args)
    return this
  }, options())
  const receiver = {}
  const argument = {}
  expect(Reflect.apply(measured, receiver, [1, argument])).toBe(receiver)
  expect(seen[1]).toEqual([1, argument])
  expect((seen[1] as unknown[])[1]).toBe(argument)
  expect(Reflect.apply(measured, undefined, [])).toBeUndefined()
  expect(Reflect.apply(measured, null, [])).toBeNull()
  expect(Reflect.apply(measured, 7, [])).toBe(7)
})

test('each call is counted by its end', async () => {
  const error = new TypeError('x')
  const outcomes = [
    () => 7,
    () => Promise.resolve(7),
    () => {
      throw error
    },
    () => Promise.reject(error),
    () => AbortSignal.abort().throwIfAborted(),
    () => Promise.reject(Object.assign(new Error('x'), { code: 'ETIMEDOUT' })),
  ]
  const measured = instrumentCommand((index: number) => outcomes[index]?.(), options())
  const results: unknown[] = []
  for (const index of outcomes.keys()) {
    try {
      results.push(await Promise.resolve(measured(index)))
    } catch (caught) {
      results.push(caught)
    }
  }
  expect(results.slice(0, 4)).toEqual([7, 7, error, error])
  expect(results[2]).toBe(error)
  expect(results[3]).toBe(error)
  expect(counted()).toEqual({
    'plugin=files,command=list,status=success': 2,
    'plugin=files,command=list,status=error': 2,
    'plugin=files,command=list,status=timeout': 1,
    'plugin=files,command=list,status=cancelled': 1,
  })
  expect(listPlugins(telemetry)).toMatchObject([{ active: 0, consecutiveFailures: 3, commands: ['list'] }])
})

test('its series are there, at 0, before its first call', () => {
  instrumentCommand(() => {}, options())
  expect(telemetry.points('mcp.plugin.executions')).toEqual({
    'plugin=files,command=list,status=success': 0,
    'plugin=files,command=list,status=error': 0,
    'plugin=files,command=list,status=timeout': 0,
    'plugin=files,command=list,status=cancelled': 0,
  })
})

test('measured twice by the same name it is counted once, by another name twice', () => {
  const once = instrumentCommand(() => {}, options())
  expect(instrumentCommand(once, options())).toBe(once)
  once()
  expect(counted()).toEqual({ 'plugin=files,command=list,status=success': 1 })
  instrumentCommand(once, options('alias'))()
  expect(counted()).toEqual({
    'plugin=files,command=list,status=success': 2,
    'plugin=files,command=alias,status=success': 1,
  })
})

test('a generator command runs until it is done, its spans below its own', () => {
  const lines = instrumentCommand(function* () {
    yield withExecution({ plugin: 'files', command: 'inner' }, () => 1, telemetry)
  }, options('lines'))
  const { spanId, result } = underSpan(telemetry, () => lines())
  expect(listPlugins(telemetry)[0]?.active).toBe(1)
  expect([...result]).toEqual([1])
  const [, inner, outer] = telemetry.spans()
  expect(outer).toMatchObject({ name: 'files lines', parentSpanContext: { spanId } })
  expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId)
  expect(listPlugins(telemetry)[0]?.active).toBe(0)
})

test('a class may still be constructed', () => {
  class Job {
    readonly id: number
    constructor(id: number) {
      this.id = id
    }
  }
  const Measured = instrumentCommand(Job as unknown as (id: number) => Job, options()) as unknown as typeof Job
  expect(new Measured(7)).toBeInstanceOf(Job)
  expect(new Measured(7).id).toBe(7)
})

test('what is no function, or has no name, is given back as it is', () => {
  expect(instrumentCommand(7 as unknown as () => void, options())).toBe(7)
  expect(instrumentCommand(seven, { ...options(), plugin: '' })).toBe(seven)
  expect(instrumentCommand(seven, { ...options(), command: undefined as unknown as string })).toBe(seven)
})

test('the stack of an error begins and ends as without us', () => {
  const measured = instrumentCommand(failing, options())
  function theCaller(): unknown {
    try {
      return measured()
    } catch (error) {
      return (error as Error).stack
    }
  }
  const stack = String(theCaller()).split('\n')
  expect(stack[1]).toMatch(/at failing/)
  expect(stack.findIndex((line) => line.includes('theCaller'))).toBeGreaterThan(0)
})
