import os from 'node:os'

import { prometheusName } from '@mcp/otel-core'
import { diag } from '@opentelemetry/api'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { scrape, type Page } from '../../../test/support/scrape.ts'
import { start, systemInstruments, type Telemetry } from '../src/index.ts'
import { parseCpuTimes, parseDisks, parseMemory, parseNetwork } from '../src/instrument/proc-files.ts'

const diskLine = (name: string): string => ` 254 0 ${name} 10 1 20 1 30 1 40 1 0 1 1\n`

describe('files of /proc', () => {
  test('ticks become seconds, and soft interrupts count as interrupts', () => {
    const text = 'cpu  354045 1 102932 437336 13732 2 3997 7881 0 0\ncpu0 1 2\ncpu1 1 2\nintr 5\n'
    expect(parseCpuTimes(text)).toEqual({
      user: 3540.45,
      nice: 0.01,
      system: 1029.32,
      idle: 4373.36,
      iowait: 137.32,
      interrupt: 39.99,
      steal: 78.81,
    })
  })

  test('the states of memory add up to the whole', () => {
    const text =
      'MemTotal:       1000 kB\nMemFree:        400 kB\nMemAvailable:    600 kB\nBuffers:   50 kB\nCached:   100 kB\nSwapCached: 7 kB\nSReclaimable:   30 kB\n'
    const kilobytes = Object.entries(parseMemory(text)!).map(([state, bytes]) => [state, bytes / 1024])
    expect(Object.fromEntries(kilobytes)).toEqual({ total: 1000, used: 420, free: 400, buffers: 50, cached: 130 })
  })

  test('partitions, loops and volumes over disks are left out, so that nothing is counted twice', () => {
    const text = ['loop0', 'vda', 'vda1', 'dm-0', 'md127', 'nvme0n1', 'nvme0n1p1'].map(diskLine).join('')
    const found = parseDisks(text, (device) => device !== 'vda1' && device !== 'nvme0n1p1')
    const counts = { inBytes: 10_240, outBytes: 20_480, inCount: 10, outCount: 30 }
    expect(found).toEqual([
      { device: 'vda', ...counts },
      { device: 'nvme0n1', ...counts },
    ])
  })

  test('of the network interfaces those count that lead out of the machine', () => {
    const head = 'Inter-|   Receive  |  Transmit\n face |bytes packets errs|bytes packets errs\n'
    const text = `${head}    lo: 9 9 9 0 0 0 0 0 9 9 9 0 0 0 0 0\nveth12: 9 9 9 0 0 0 0 0 9 9 9 0 0 0 0 0\n  eth0:1072 30697 2 0 0 0 0 0 3865 23048 3 0 0 0 0 0\n`
    expect(parseNetwork(text)).toEqual([{ device: 'eth0', inBytes: 1072, inCount: 2, outBytes: 3865, outCount: 3 }])
  })

  test('whatever stands in the files, nothing throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const parse = () => [parseCpuTimes(text), parseMemory(text), parseNetwork(text)]
        expect(parse).not.toThrow()
        expect(() => parseDisks(text, () => true)).not.toThrow()
      }),
    )
  })
})

describe('the page', () => {
  let telemetry: Telemetry
  let page: Page
  beforeAll(async () => {
    telemetry = start({ endpoint: { port: 0 }, banner: false })
    page = await scrape((await telemetry.endpoint.ready)!)
  })
  afterAll(async () => {
    await telemetry.shutdown()
    diag.disable()
  })

  test.runIf(process.platform === 'linux')('has every metric of the machine, under the convention’s name', () => {
    const names = Object.values(systemInstruments).map(({ name, unit, kind }) => prometheusName(name, unit, kind))
    expect(names.filter((name) => Object.keys(page.of(name)).length === 0)).toEqual([])
  })

  test('tells the memory and the CPUs that the operating system tells', () => {
    expect(page.of('system_memory_limit_bytes')).toEqual({ '': os.totalmem() })
    const states = Object.values(page.of('system_memory_usage_bytes'))
    expect(states.reduce((sum, bytes) => sum + bytes, 0)).toBe(os.totalmem())
    const told = page.of('system_cpu_time_seconds_total')['{cpu_mode="user"}']
    const user = os.cpus().reduce((sum, { times }) => sum + times.user, 0) / 1000
    expect(told).toBeGreaterThan(0)
    // The kernel rounds each CPU's share down.
    expect(told).toBeLessThanOrEqual(user + 1)
  })
})
