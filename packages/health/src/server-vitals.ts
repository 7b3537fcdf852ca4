import { availableParallelism, totalmem } from 'node:os'
import { performance, PerformanceObserver } from 'node:perf_hooks'
import type { EventLoopUtilization, PerformanceEntry } from 'node:perf_hooks'

import { openEventLoopDelay } from '@mcp/otel-core'
import type { EventLoopDelayWindow } from '@mcp/otel-core'

import { outerCgroupLimit } from './cgroup-limit.ts'
import { oldSpaceLimit, oldSpaceUsed } from './heap-limit.ts'
import type { CpuHealth, EventLoopHealth, GcHealth, HandlesHealth, MemoryHealth } from './report.ts'
import { micro } from './rounding.ts'

/** What this process measures of itself. */
export interface Vitals {
  readonly memory: MemoryHealth
  readonly cpu: CpuHealth
  readonly event_loop: EventLoopHealth
  readonly gc: GcHealth
  readonly handles: HandlesHealth
}

export interface ServerVitals {
  /** Returns the figures of now; those that need a stretch of time cover the last one to two windows. */
  read(): Vitals
  /** Ends the window that runs, unless it has only begun, and begins the next. */
  rotate(): void
  /** Stops measuring. */
  stop(): void
}

/** With fewer samples than this, the p99 of the delay is but the worst of them; a start alone has one that is late. */
const ENOUGH_SAMPLES = 100
/** Windows are not shorter than this, ms, however often they are rotated: a usage over less says nothing. */
const LEAST_WINDOW = 5000
const GC_KINDS: Readonly<Record<number, string>> = {
  1: 'minor',
  2: 'minor_mark_sweep',
  4: 'major',
  8: 'incremental',
  16: 'weak_callbacks',
}

interface Mark {
  readonly at: number
  readonly cpu: NodeJS.CpuUsage
  readonly loop: EventLoopUtilization
  readonly delay: EventLoopDelayWindow
}

/** Starts to measure this process: the delay of its event loop, and its garbage collections. */
export function createServerVitals(): ServerVitals {
  const heapLimit = oldSpaceLimit()
  const gc = new Map<string, { count: number; seconds: number }>()
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail, duration } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }
      const kind = GC_KINDS[detail?.kind ?? 0] ?? 'other'
      const sum = gc.get(kind) ?? { count: 0, seconds: 0 }
      gc.set(kind, { count: sum.count + 1, seconds: sum.seconds + duration / 1000 })
    }
  })
  observer.observe({ entryTypes: ['gc'] })

  // What is read covers the stretch since the older mark, so that it never has just begun.
  let older = mark(openEventLoopDelay())
  let younger = mark(openEventLoopDelay())
  let hasRotated = false
  let outerLimit = outerCgroupLimit()

  return {
    read: () => ({
      memory: readMemory(heapLimit, outerLimit),
      cpu: cpuSince(older),
      event_loop: {
        utilization: ratio(
          performance.eventLoopUtilization(performance.eventLoopUtilization(), older.loop).utilization,
        ),
        delay: hasRotated || older.delay.count >= ENOUGH_SAMPLES ? delayOf(older.delay) : null,
      },
      gc: gcHealth(gc),
      handles: readHandles(),
    }),
    rotate() {
      if (performance.now() - younger.at < LEAST_WINDOW) return
      const { delay } = older
      delay.reset()
      older = younger
      younger = mark(delay)
      hasRotated = true
      outerLimit = outerCgroupLimit()
    },
    stop() {
      for (const { delay } of [older, younger]) delay.close()
      observer.disconnect()
    },
  }
}

function delayOf(window: EventLoopDelayWindow): EventLoopHealth['delay'] {
  const delay = window.read()
  if (delay === undefined) return null
  return { mean: micro(delay.mean), p50: micro(delay.p50), p99: micro(delay.p99), max: micro(delay.max) }
}

function mark(delay: EventLoopDelayWindow): Mark {
  return { at: performance.now(), cpu: process.cpuUsage(), loop: performance.eventLoopUtilization(), delay }
}

function readMemory(heapLimit: number, outerLimit: number): MemoryHealth {
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage()
  const oldUsed = oldSpaceUsed()
  // 0 where nothing is known.
  const constrained = Math.min(process.constrainedMemory() || Infinity, outerLimit)
  const machine = totalmem()
  const isConstrained = constrained < machine
  const limit = isConstrained ? constrained : machine
  return {
    rss,
    heap_used: heapUsed,
    heap_total: heapTotal,
    old_space_used: oldUsed,
    heap_limit: heapLimit,
    external,
    array_buffers: arrayBuffers,
    limit,
    limit_source: isConstrained ? 'cgroup' : 'machine',
    rss_ratio: ratio(rss / limit),
    heap_ratio: ratio(oldUsed / heapLimit),
  }
}

function cpuSince(since: Mark): CpuHealth {
  const now = process.cpuUsage()
  const elapsed = performance.now() - since.at
  const busy = (now.user - since.cpu.user + now.system - since.cpu.system) / 1000
  return {
    user_seconds: now.user / 1e6,
    system_seconds: now.system / 1e6,
    usage: elapsed > 0 ? ratio(busy / elapsed) : null,
    cores: availableParallelism(),
  }
}

function gcHealth(kinds: ReadonlyMap<string, { readonly count: number; readonly seconds: number }>): GcHealth {
  let count = 0
  let seconds = 0
  for (const sum of kinds.values()) {
    count += sum.count
    seconds += sum.seconds
  }
  const byKind = [...kinds].map(([kind, sum]) => [kind, { count: sum.count, seconds: micro(sum.seconds) }])
  return { count, seconds: micro(seconds), by_kind: Object.fromEntries(byKind) as GcHealth['by_kind'] }
}

function readHandles(): HandlesHealth {
  const byType: Record<string, number> = Object.create(null) as Record<string, number>
  const resources = process.getActiveResourcesInfo()
  for (const type of resources) byType[type] = (byType[type] ?? 0) + 1
  return { total: resources.length, by_type: byType }
}

function ratio(value: number): number {
  return Number.isFinite(value) ? Math.round(Math.max(0, value) * 1e4) / 1e4 : 0
}
