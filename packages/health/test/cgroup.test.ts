import { totalmem } from 'node:os'

import { expect, vi } from 'vitest'

import { testWith } from '../../../test/support/test-with.ts'
import type { HealthReport } from '../src/report.ts'
import { spawnFixture, startFixture } from './support/start-fixture.ts'
import type { Fixture } from './support/start-fixture.ts'
import { cgroupComponent } from './support/within-cgroup.ts'
import type { CgroupFiles } from './support/within-cgroup.ts'

const MEGABYTE = 2 ** 20
const WAIT = { timeout: 20_000, interval: 50 }
const cgroups = cgroupComponent()

async function report({ get }: Fixture): Promise<HealthReport> {
  return (await get('/health')).body as unknown as HealthReport
}

testWith(
  cgroups,
  'memory that nears the limit of the cgroup is degraded, then unhealthy, and recovers',
  async (within) => {
    const launcher = within({ own: '0::/\n', files: { 'memory.max': String(512 * MEGABYTE), 'memory.high': 'max' } })
    const memory = { thresholds: { degradedRatio: 0.6, unhealthyRatio: 0.85 }, check: { ttl: 0, critical: true } }
    const options = { health: { memory, eventLoop: false } }
    const fixture = await startFixture('plugin-server.ts', { launcher, flags: ['--expose-gc'], options })
    const before = await report(fixture)
    expect(before.server.memory).toMatchObject({ limit: 512 * MEGABYTE, limit_source: 'cgroup' })
    expect(before.server.memory.rss_ratio).toBeCloseTo(before.server.memory.rss / (512 * MEGABYTE), 3)
    expect(before.checks['memory']?.status).toBe('healthy')

    await fixture.get('/allocate-buffers?megabytes=270')
    const nearer = await report(fixture)
    expect([nearer.status, nearer.checks['memory']?.status]).toEqual(['degraded', 'degraded'])
    expect(nearer.checks['memory']?.message).toMatch(/^rss is [\d.]+ % of the cgroup's memory \(limit 60 %\)$/)

    await fixture.get('/allocate-buffers?megabytes=400')
    const full = await fixture.get('/readyz')
    expect([full.status, full.body['status']]).toEqual([503, 'unhealthy'])

    await fixture.get('/release')
    // What is no longer used goes back to the system a little later.
    await vi.waitFor(async () => expect((await report(fixture)).checks['memory']?.status).toBe('healthy'), WAIT)
  },
)

const GIGABYTE = String(1024 * MEGABYTE)
const NONE = '9223372036854771712'
const found = { limit: 1024 * MEGABYTE, limit_source: 'cgroup' }
const machine = { limit: totalmem(), limit_source: 'machine' }

const layouts: readonly (readonly [title: string, cgroup: CgroupFiles, limit: object])[] = [
  ['version 2 without a limit', { own: '0::/\n', files: { 'memory.max': 'max', 'memory.high': 'max' } }, machine],
  ['the throttle of version 2', { own: '0::/\n', files: { 'memory.max': 'max', 'memory.high': GIGABYTE } }, found],
  [
    'a slice around the own cgroup',
    {
      own: '0::/app.slice/app.service\n',
      files: {
        'app.slice/memory.max': GIGABYTE,
        'app.slice/memory.high': 'max',
        'app.slice/app.service/memory.max': 'max',
        'app.slice/app.service/memory.high': 'max',
      },
    },
    found,
  ],
  [
    'a container around a nested cgroup with a greater limit',
    {
      own: '0::/nested\n',
      files: { 'memory.max': GIGABYTE, 'nested/memory.max': String(2048 * MEGABYTE), 'nested/memory.high': 'max' },
    },
    found,
  ],
  [
    'a container of version 1',
    {
      own: '4:memory:/docker/0123\n',
      files: { 'memory/memory.limit_in_bytes': GIGABYTE, 'memory/memory.soft_limit_in_bytes': NONE },
    },
    found,
  ],
  [
    'version 1 without a limit',
    { own: '4:memory:/\n', files: { 'memory/memory.limit_in_bytes': NONE, 'memory/memory.soft_limit_in_bytes': NONE } },
    machine,
  ],
  ['no cgroups', { own: '', files: {} }, machine],
]

testWith(cgroups, "the limit of memory is the least of the cgroups', else the machine's", async (within) => {
  const shown = layouts.map(async ([title, cgroup]) => {
    const { ended, lines, errors } = spawnFixture('memory-limit.ts', { launcher: within(cgroup) })
    await ended
    return [title, lines[0] ?? errors()]
  })
  expect(await Promise.all(shown)).toEqual(layouts.map(([title, , limit]) => [title, limit]))
})
