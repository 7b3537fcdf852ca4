import { readdirSync, readFileSync } from 'node:fs'
import { constants, performance, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'

import { createInstruments, type EventLoopDelay } from '@mcp/otel-core'

import { buildInstruments, processInstruments } from '../process-instruments.ts'
import { VERSION } from '../version.ts'
import { observeSystem } from './observe-system.ts'
import { createReaderDelays } from './reader-delays.ts'

const SCOPE = '@mcp/otel'

const GC_KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
] as const)

/** States the version of this package as `mcp_build_info`; returns what takes it back. */
export function observeBuild(): () => void {
  const { buildInfo } = createInstruments(buildInstruments, { scope: SCOPE, version: VERSION, isSound: true })
  return buildInfo.observe((observe) => observe(1, { version: VERSION }))
}

/** Measures what this process uses, and the machine that it runs on; returns what stops it. Nothing of it keeps the process alive. */
export function observeProcess(): () => void {
  const instruments = createInstruments(processInstruments, { scope: SCOPE, version: VERSION, isSound: true })
  const stops = [
    observeCpu(),
    observeMemory(),
    observeDescriptors(),
    observeEventLoop(),
    observeGc(),
    observeVersion(),
    observeSystem(),
  ]
  return () => {
    for (const stop of stops.flat()) stop()
  }

  function observeCpu() {
    const { cpu, cpuSystem, cpuUser, startTime } = instruments
    return [
      cpuUser.observe((observe) => observe(process.cpuUsage().user / 1e6)),
      cpuSystem.observe((observe) => observe(process.cpuUsage().system / 1e6)),
      cpu.observe((observe) => {
        const { user, system } = process.cpuUsage()
        observe((user + system) / 1e6)
      }),
      startTime.observe((observe) => observe(performance.timeOrigin / 1000)),
    ]
  }

  function observeMemory() {
    const { externalMemory, heapTotal, heapUsed, residentMemory } = instruments
    return [
      residentMemory.observe((observe) => observe(process.memoryUsage.rss())),
      heapTotal.observe((observe) => observe(process.memoryUsage().heapTotal)),
      heapUsed.observe((observe) => observe(process.memoryUsage().heapUsed)),
      externalMemory.observe((observe) => observe(process.memoryUsage().external)),
    ]
  }

  /** Only Linux tells. */
  function observeDescriptors() {
    const limit = maxFds()
    if (limit === undefined) return []
    return [
      instruments.maxFds.observe((observe) => observe(limit)),
      // Reading the folder takes a descriptor itself.
      instruments.openFds.observe((observe) => observe(readdirSync('/proc/self/fd').length - 1)),
    ]
  }

  function observeEventLoop() {
    const { eventLoopLag, eventLoopLagMax, eventLoopLagP50, eventLoopLagP99, eventLoopUtilization } = instruments
    const delays = createReaderDelays()
    const measured = (figure: keyof EventLoopDelay) => (observe: (value: number) => void, reader?: object) => {
      const delay = delays.of(reader).read()
      if (delay !== undefined) observe(delay[figure])
    }
    return [
      eventLoopLag.observe(measured('mean')),
      eventLoopLagP50.observe(measured('p50')),
      eventLoopLagP99.observe(measured('p99')),
      eventLoopLagMax.observe(measured('max')),
      eventLoopUtilization.observe((observe, reader) => {
        observe(performance.eventLoopUtilization().utilization)
        // The last of the group to be asked: what this reader has been told starts anew.
        delays.renew(reader)
      }),
      () => delays.close(),
    ]
  }

  function observeGc() {
    instruments.gcDuration.zero({})
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { detail, duration } = entry as PerformanceEntry & { readonly detail?: { readonly kind?: number } }
        const kind = GC_KINDS.get(detail?.kind ?? -1)
        if (kind !== undefined) instruments.gcDuration.record(duration / 1000, { kind })
      }
    })
    observer.observe({ entryTypes: ['gc'] })
    return [() => observer.disconnect()]
  }

  function observeVersion() {
    const version = process.version
    const [major = '', minor = '', patch = ''] = process.versions.node.split('.')
    return [instruments.version.observe((observe) => observe(1, { version, major, minor, patch }))]
  }
}

function maxFds(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}
