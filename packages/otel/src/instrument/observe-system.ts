import { existsSync, readFileSync } from 'node:fs'
import os from 'node:os'

import { createInstruments, type AttributesOf, type Observe } from '@mcp/otel-core'

import { systemInstruments } from '../system-instruments.ts'
import { VERSION } from '../version.ts'
import { parseCpuTimes, parseDisks, parseMemory, parseNetwork, type CpuTimes, type DeviceTotals } from './proc-files.ts'

/**
 * Measures the machine at each collection: CPU and memory everywhere, disks and network where `/proc` tells, on Linux.
 * Returns what stops it. Reads a few small files and starts no process.
 */
export function observeSystem(): () => void {
  const instruments = createInstruments(systemInstruments, { scope: '@mcp/otel', version: VERSION, isSound: true })
  const stops = [
    instruments.cpuTime.observe((observe) => {
      for (const [mode, seconds] of Object.entries(cpuTimes())) {
        observe(seconds, { 'cpu.mode': mode as keyof CpuTimes })
      }
    }),
    instruments.memoryLimit.observe((observe) => observe(os.totalmem())),
    instruments.memoryUsage.observe((observe) => {
      const { used, free, buffers, cached } = memory()
      observe(used, { 'system.memory.state': 'used' })
      observe(free, { 'system.memory.state': 'free' })
      if (buffers !== undefined) observe(buffers, { 'system.memory.state': 'buffers' })
      if (cached !== undefined) observe(cached, { 'system.memory.state': 'cached' })
    }),
    instruments.diskIo.observe((observe) => {
      for (const { device, inBytes, outBytes } of disks()) observeDisk(observe, device, inBytes, outBytes)
    }),
    instruments.diskOperations.observe((observe) => {
      for (const { device, inCount, outCount } of disks()) observeDisk(observe, device, inCount, outCount)
    }),
    instruments.networkIo.observe((observe) => {
      for (const { device, inBytes, outBytes } of links()) observeLink(observe, device, inBytes, outBytes)
    }),
    instruments.networkErrors.observe((observe) => {
      for (const { device, inCount, outCount } of links()) observeLink(observe, device, inCount, outCount)
    }),
  ]
  return () => {
    for (const stop of stops) stop()
  }
}

type ObserveDisk = Observe<AttributesOf<(typeof systemInstruments)['diskIo']>>
type ObserveLink = Observe<AttributesOf<(typeof systemInstruments)['networkIo']>>

function observeDisk(observe: ObserveDisk, device: string, fromDisk: number, toDisk: number): void {
  observe(fromDisk, { 'system.device': device, 'disk.io.direction': 'read' })
  observe(toDisk, { 'system.device': device, 'disk.io.direction': 'write' })
}

function observeLink(observe: ObserveLink, device: string, received: number, transmitted: number): void {
  observe(received, { 'network.interface.name': device, 'network.io.direction': 'receive' })
  observe(transmitted, { 'network.interface.name': device, 'network.io.direction': 'transmit' })
}

function cpuTimes(): Partial<CpuTimes> {
  const told = parseCpuTimes(read('/proc/stat'))
  if (told !== undefined) return told
  const all = os.cpus().map(({ times }) => times)
  const seconds = (pick: (times: (typeof all)[number]) => number): number =>
    all.reduce((sum, times) => sum + pick(times), 0) / 1000
  return {
    user: seconds((times) => times.user),
    nice: seconds((times) => times.nice),
    system: seconds((times) => times.sys),
    idle: seconds((times) => times.idle),
    interrupt: seconds((times) => times.irq),
  }
}

function memory(): { used: number; free: number; buffers?: number; cached?: number } {
  const told = parseMemory(read('/proc/meminfo'))
  return told ?? { used: os.totalmem() - os.freemem(), free: os.freemem() }
}

function disks(): DeviceTotals[] {
  return parseDisks(read('/proc/diskstats'), (device) => existsSync(`/sys/block/${device}`))
}

function links(): DeviceTotals[] {
  return parseNetwork(read('/proc/net/dev'))
}

/** Nothing where there is no such file, or it may not be read: then these series are missing, and all else works. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
