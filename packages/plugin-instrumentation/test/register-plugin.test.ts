import * as fc from 'fast-check'
import { beforeEach, expect, test, vi } from 'vitest'

import { listPlugins, registerPlugin, setPluginUp, startExecution, unregisterPlugin } from '../src/index.ts'
import { createOwnTelemetry } from './support/telemetry.ts'
import type { OwnTelemetry } from './support/telemetry.ts'

let telemetry: OwnTelemetry
beforeEach(() => {
  telemetry = createOwnTelemetry()
})

const METRICS = [
  'mcp.plugin.executions',
  'mcp.plugin.execution.duration',
  'mcp.plugin.active_executions',
  'mcp.plugin.up',
  'mcp.plugin.last_execution_timestamp',
]

test('a registered plugin is up, idle, has run nothing, and its series start at 0', () => {
  registerPlugin('files', { ...telemetry, commands: ['list', 'sum'] })
  expect(listPlugins(telemetry)).toEqual([
    {
      name: 'files',
      up: true,
      active: 0,
      executions: { success: 0, error: 0, timeout: 0, cancelled: 0 },
      consecutiveFailures: 0,
      commands: ['list', 'sum'],
    },
  ])
  const executions = telemetry.points('mcp.plugin.executions')
  expect(Object.keys(executions)).toHaveLength(8)
  expect(new Set(Object.values(executions))).toEqual(new Set([0]))
  expect(telemetry.points('mcp.plugin.execution.duration')).toEqual({
    'plugin=files,command=list': 0,
    'plugin=files,command=sum': 0,
  })
  expect(telemetry.points('mcp.plugin.up')).toEqual({ 'plugin=files': 1 })
  expect(telemetry.points('mcp.plugin.last_execution_timestamp')).toEqual({})
})

test('a plugin is down for as long as its application says so', () => {
  registerPlugin('files', telemetry)
  setPluginUp('files', false, telemetry)
  startExecution({ plugin: 'files', command: 'list' }, telemetry).end()
  expect(telemetry.points('mcp.plugin.up')).toEqual({ 'plugin=files': 0 })
  expect(listPlugins(telemetry)).toMatchObject([{ up: false }])
  registerPlugin('files', telemetry)
  expect(telemetry.points('mcp.plugin.up')).toEqual({ 'plugin=files': 1 })
})

test('an unregistered plugin has no series any more, and what still runs of it brings none back', () => {
  for (const name of ['files', 'sums']) registerPlugin(name, { ...telemetry, commands: ['list'] })
  const running = startExecution({ plugin: 'files', command: 'list' }, telemetry)
  unregisterPlugin('files', telemetry)
  running.end({ error: new Error('x') })
  for (const metric of METRICS) {
    expect(Object.keys(telemetry.points(metric)).filter((labels) => labels.includes('files'))).toEqual([])
  }
  expect(Object.keys(telemetry.points('mcp.plugin.up'))).toEqual(['plugin=sums'])
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=Error': 1 })
  expect(telemetry.spans()).toHaveLength(1)
  expect(listPlugins(telemetry).map(({ name }) => name)).toEqual(['sums'])
})

test('the last execution is when the last one ended', () => {
  vi.useFakeTimers({ now: new Date('2026-11-22T09:00:00Z') })
  try {
    const execution = startExecution({ plugin: 'files', command: 'list' }, telemetry)
    vi.advanceTimersByTime(1500)
    execution.end()
    vi.advanceTimersByTime(60_000)
  } finally {
    vi.useRealTimers()
  }
  expect(telemetry.points('mcp.plugin.last_execution_timestamp')).toEqual({ 'plugin=files': 1_795_338_001.5 })
  expect(listPlugins(telemetry)).toMatchObject([{ lastExecution: new Date('2026-11-22T09:00:01.500Z') }])
})

test('what was listed stays as it was then', () => {
  registerPlugin('files', telemetry)
  const [before] = listPlugins(telemetry)
  startExecution({ plugin: 'files', command: 'list' }, telemetry).end()
  expect(before).toMatchObject({ executions: { success: 0 } })
  expect(listPlugins(telemetry)).toMatchObject([{ executions: { success: 1 } }])
})

test('a plugin without a name is not registered', () => {
  registerPlugin('', telemetry)
  registerPlugin(undefined as unknown as string, telemetry)
  setPluginUp(7 as unknown as string, false, telemetry)
  expect(listPlugins(telemetry)).toEqual([])
})

const STATUSES = ['success', 'error', 'timeout', 'cancelled'] as const
type Step =
  | { readonly do: 'start'; readonly plugin: string }
  | { readonly do: 'end'; readonly which: number; readonly status: (typeof STATUSES)[number] }
  | { readonly do: 'unregister'; readonly plugin: string }

const plugin = fc.constantFrom('a', 'b')
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('start' as const), plugin }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(20), status: fc.constantFrom(...STATUSES) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unregister' as const), plugin }) },
)

test('whatever starts, ends and goes, the list, the gauges and the counters agree with the truth', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const own = createOwnTelemetry()
      interface Truth {
        active: number
        failures: number
        ended: Record<(typeof STATUSES)[number], number>
      }
      const truth = new Map<string, Truth>()
      const running: { end: (status: (typeof STATUSES)[number]) => void }[] = []
      for (const each of steps) {
        if (each.do === 'unregister') {
          unregisterPlugin(each.plugin, own)
          truth.delete(each.plugin)
        } else if (each.do === 'start') {
          const execution = startExecution({ plugin: each.plugin, command: 'c' }, own)
          const of = truth.get(each.plugin) ?? {
            active: 0,
            failures: 0,
            ended: { success: 0, error: 0, timeout: 0, cancelled: 0 },
          }
          truth.set(each.plugin, of)
          of.active += 1
          running.push({
            end(status) {
              execution.end({ status })
              of.active -= 1
              of.ended[status] += 1
              if (status === 'success') of.failures = 0
              else if (status !== 'cancelled') of.failures += 1
            },
          })
        } else if (running.length > 0) running.splice(each.which % running.length, 1)[0]?.end(each.status)
      }
      const listed = listPlugins(own)
      expect(listed.map(({ name }) => name).toSorted()).toEqual([...truth.keys()].toSorted())
      for (const { name, active, executions, consecutiveFailures } of listed) {
        const { active: running_, failures, ended } = truth.get(name) as Truth
        expect([active, executions, consecutiveFailures]).toEqual([running_, ended, failures])
        expect(own.points('mcp.plugin.active_executions')[`plugin=${name}`]).toBe(running_)
        for (const status of STATUSES) {
          const counted = own.points('mcp.plugin.executions')[`plugin=${name},command=c,status=${status}`] ?? 0
          expect(counted).toBe(ended[status])
        }
      }
    }),
  )
})
