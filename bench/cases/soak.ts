import { mock } from 'node:test'

import { createInstruments, createMetricsHandler, processMeters } from '@mcp/otel-core'
import type { Catalogue } from '@mcp/otel-core'

import { endCase } from '../harness/child.ts'
import { collectingResponse } from '../record/page.ts'

const HOURS = 24
/** Before that, everything grows to the size that it keeps. */
const SETTLED_HOURS = 2
const EVENTS_A_MINUTE = 600
const SCRAPES_A_MINUTE = 4
const MINUTE = 60_000

const catalogue = {
  executions: {
    kind: 'counter',
    name: 'mcp.plugin.executions',
    unit: '{execution}',
    help: 'Total number of plugin executions',
    attributes: { plugin: 'string', command: 'string' },
  },
  duration: {
    kind: 'histogram',
    name: 'mcp.plugin.execution.duration',
    unit: 's',
    help: 'Plugin execution duration in seconds',
    attributes: { plugin: 'string', command: 'string' },
    buckets: [0.01, 0.1, 1, 10],
  },
} as const satisfies Catalogue

mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 0, 1) })
processMeters().setMode('own')
const { provider } = processMeters()
const { executions, duration } = createInstruments(catalogue, { scope: 'bench' })
const page = provider.producer()
const delta = provider.producer(() => 0)
const handler = createMetricsHandler({ collect: (timeoutMillis) => page.collect({ timeoutMillis }) })

const heap: number[] = []
let recorded = 0
for (let minute = 0; minute < HOURS * 60; minute++) {
  // Every minute a plugin comes, and the one that came ten minutes before goes.
  for (let event = 0; event < EVENTS_A_MINUTE; event++) {
    const labels = { plugin: `plugin-${minute - (event % 10)}`, command: `command-${event % 7}` }
    executions.add(1, labels)
    duration.record(event / 100, labels)
    recorded += 1
  }
  executions.remove({ plugin: `plugin-${minute - 10}` })
  duration.remove({ plugin: `plugin-${minute - 10}` })
  for (let i = 0; i < SCRAPES_A_MINUTE; i++) {
    mock.timers.tick(MINUTE / SCRAPES_A_MINUTE)
    await handler({ method: 'GET', headers: {} }, collectingResponse())
  }
  await delta.collect()
  if (minute % 60 === 59) heap.push(heapHeld())
}
const settled = heap[SETTLED_HOURS - 1] as number
const end = heap.at(-1) as number
endCase({
  figures: { heap: end / 1024, growth: (end - settled) / 1024 / (HOURS - SETTLED_HOURS) },
  totals: `${recorded} events`,
})

function heapHeld(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
