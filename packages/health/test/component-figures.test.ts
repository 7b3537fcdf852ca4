import { describe, expect, test } from 'vitest'

import { readTotals } from '../src/component-totals.ts'
import type { PluginTotals, QueueTotals, Totals, TotalsSources } from '../src/component-totals.ts'
import { judgePlugin, pluginFigures } from '../src/plugin-component.ts'
import { queueFigures } from '../src/queue-component.ts'
import type { SeriesReading } from '../src/read-series.ts'
import { createTotalsWindow } from '../src/totals-window.ts'

const plugin = (totals: Partial<PluginTotals>): PluginTotals => ({
  executions: {},
  duration: undefined,
  up: undefined,
  active: undefined,
  lastExecution: undefined,
  consecutiveFailures: undefined,
  ...totals,
})
const queue = (totals: Partial<QueueTotals>): QueueTotals => ({
  size: undefined,
  active: undefined,
  oldestAge: undefined,
  finished: undefined,
  wait: undefined,
  ...totals,
})

const at = (time: number): Totals => ({ at: time, plugins: new Map(), queues: new Map() })

/** What is read of these cells, by metric, and of what else is known. */
const totalsOf = (series: Record<string, SeriesReading[]>, facts: Partial<TotalsSources> = {}): Totals =>
  readTotals({ read: (name) => series[name] ?? [], plugins: () => [], queues: () => [], ...facts })

/** A cell for each of several commands of a plugin. */
const cells = (attributes: object, values: readonly number[]): SeriesReading[] =>
  values.map((value, command) => ({ attributes: { plugin: 'files', command: `c${command}`, ...attributes }, value }))

describe('the error rate of a plugin', () => {
  test('is the share of errors and timeouts among all executions of the window', () => {
    const before = plugin({ executions: { success: 10, error: 10, timeout: 10, cancelled: 10 } })
    const now = plugin({ executions: { success: 15, error: 11, timeout: 12, cancelled: 12 } })
    expect(pluginFigures(now, before, 60)).toMatchObject({ error_rate: 0.3, recent_executions: 10 })
    expect(judgePlugin(pluginFigures(now, before, 60))).toMatchObject({ status: 'degraded', observed: 0.3 })
  })

  test('counts from 0 what began anew within the window', () => {
    const before = plugin({ executions: { success: 100, error: 100 } })
    const now = plugin({ executions: { success: 6, error: 2 } })
    expect(pluginFigures(now, before, 60)).toMatchObject({ error_rate: 0.25, recent_executions: 8 })
  })

  test('is not known where nothing was executed', () => {
    const now = plugin({ executions: { success: 3, error: 1 } })
    expect(pluginFigures(now, now, 60)).toMatchObject({ error_rate: null, recent_executions: 0 })
  })
})

describe('the figures of a queue', () => {
  test('have the rate of jobs over the window, counted from 0 where that began anew within it', () => {
    const before = queue({ finished: 40 })
    expect(queueFigures(queue({ finished: 70 }), before, 60, []).processing_rate).toBe(0.5)
    expect(queueFigures(queue({ finished: 30 }), before, 60, []).processing_rate).toBe(0.5)
    expect(queueFigures(queue({ finished: 30 }), undefined, 0, []).processing_rate).toBeNull()
    expect(queueFigures(queue({}), before, 60, []).processing_rate).toBeNull()
  })

  test('have no trend from two samples, and one from three', () => {
    const sizes = [0, 10, 20].map((time) => ({ at: time, size: time * 2 }))
    expect(queueFigures(queue({}), undefined, 20, sizes.slice(0, 2))).toMatchObject({ trend: null, growth: null })
    expect(queueFigures(queue({}), undefined, 20, sizes)).toMatchObject({ trend: 'growing', growth: 2 })
    expect(
      queueFigures(
        queue({}),
        undefined,
        20,
        sizes.map((sample) => ({ ...sample, size: 40 - sample.size })),
      ),
    ).toMatchObject({
      trend: 'shrinking',
      growth: -2,
    })
  })

  test('have no oldest job where none waits', () => {
    expect(queueFigures(queue({ size: 0, oldestAge: 0 }), undefined, 60, []).oldest_age).toBeNull()
    expect(queueFigures(queue({ size: 1, oldestAge: 7 }), undefined, 60, []).oldest_age).toBe(7)
    expect(queueFigures(queue({ oldestAge: 7 }), undefined, 60, []).oldest_age).toBe(7)
  })
})

describe('totals', () => {
  test('add up the cells of a plugin, and leave out the overflow series', () => {
    const { plugins } = totalsOf({
      'mcp.plugin.executions': [
        ...cells({ status: 'success' }, [3, 4]),
        ...cells({ status: 'error' }, [1, 1]),
        { attributes: { 'otel.metric.overflow': true }, value: 99 },
      ],
      'mcp.plugin.active_executions': cells({}, [1, 2]),
      'mcp.plugin.last_execution_timestamp': cells({}, [200, 100]),
    })
    expect([...plugins]).toEqual([
      ['files', plugin({ executions: { success: 7, error: 2 }, active: 3, lastExecution: 200 })],
    ])
  })

  test('come from the cells first: what a listing counts only fills in where these have nothing', () => {
    const facts: Partial<TotalsSources> = {
      plugins: () => [
        { name: 'files', executions: { success: 50 } },
        { name: 'mail', executions: { success: 60 } },
      ],
      queues: () => [
        { plugin: 'files', jobs: { success: 50, error: 1 } },
        { plugin: 'mail', jobs: { success: 60, error: 1 } },
      ],
    }
    const status = 'success'
    const { plugins, queues } = totalsOf(
      {
        'mcp.plugin.executions': [{ attributes: { plugin: 'files', status }, value: 7 }],
        'mcp.queue.jobs': [{ attributes: { plugin: 'files', status }, value: 7 }],
      },
      facts,
    )
    expect(plugins.get('files')?.executions).toEqual({ success: 7 })
    expect(plugins.get('mail')?.executions).toEqual({ success: 60 })
    expect([queues.get('files')?.finished, queues.get('mail')?.finished]).toEqual([7, 61])
  })

  test('of a window are counted from the last sample before it, and one alone is kept however old it is', () => {
    const kept = createTotalsWindow(100)
    expect(kept.base(0)).toBeUndefined()
    for (const time of [0, 50, 120]) kept.push(at(time))
    expect(kept.samples().map((sample) => sample.at)).toEqual([0, 50, 120])
    expect(kept.base(149)?.at).toBe(0)
    expect(kept.base(150)?.at).toBe(50)
    expect(kept.base(1000)?.at).toBe(120)
    expect(kept.samples()).toHaveLength(1)
  })
})
