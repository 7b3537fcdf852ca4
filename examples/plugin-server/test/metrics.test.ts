import { cpSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

import { expect, test } from 'vitest'

import { type Page, scrape, scrapeUntil } from '../../../test/support/scrape.ts'
import {
  emptyDirectory,
  held,
  postRun,
  type RunningServer,
  startServer,
  testPlugins,
  until,
} from './support/start-server.ts'

const jobs = (server: RunningServer, status: string): number =>
  server.log().filter((line) => line['type'] === 'plugin' && line['status'] === status).length

/** The samples of a metric that are not 0. */
function nonZero(page: Page, name: string): Record<string, number> {
  return Object.fromEntries(Object.entries(page.of(name)).filter(([, value]) => value !== 0))
}

/** The requests but for the scrapes themselves. */
function requests(page: Page): Record<string, number> {
  return Object.fromEntries(
    Object.entries(nonZero(page, 'mcp_requests_total')).filter(([labels]) => !labels.includes('endpoint="/metrics"')),
  )
}

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0)

test('a known load gives exactly the metrics that it should', async () => {
  const server = await startServer({ telemetry: true, flags: ['--plugins', testPlugins, '--root', '.'] })
  for (let round = 0; round < 3; round += 1) expect((await server.run('odd', 'deaf')).status).toBe(200)
  for (let round = 0; round < 2; round += 1) expect((await server.run('odd', 'silent')).status).toBe(500)
  expect((await server.run('odd', 'prose')).status).toBe(500)
  expect((await server.run('stubborn', 'stay')).status).toBe(504)
  expect((await server.run('weather', 'today')).status).toBe(404)
  expect((await server.run('odd', 'deaf', { colour: 'red' })).status).toBe(422)
  expect((await postRun(server.url, '{"plugin"')).status).toBe(400)
  for (let page = 0; page < 20; page += 1) expect((await fetch(`${server.url}/scan/${page}.php`)).status).toBe(404)
  for (let id = 0; id < 5; id += 1) expect((await fetch(`${server.url}/jobs/${id}`)).status).toBe(404)

  // One runs, two wait, one is refused; then the one that runs loses its client.
  const leaving = new AbortController()
  const gone = server.run('slow', 'hold', { name: 'a' }, leaving.signal)
  await held(server, 'a')
  const waiting = [server.run('slow', 'hold', { name: 'b' }), server.run('slow', 'hold', { name: 'c' })]
  await until(async () => (await scrape(server.url)).samples.get('mcp_queue_size{plugin="slow"}') === 2, 'both to wait')
  expect((await server.run('slow', 'hold', { name: 'd' })).status).toBe(503)
  expect((await scrape(server.url)).samples.get('mcp_queue_active_jobs{plugin="slow"}')).toBe(1)
  leaving.abort()
  await expect(gone).rejects.toMatchObject({ name: 'AbortError' })
  await until(() => jobs(server, 'cancelled') === 1, 'a to be cancelled')
  for (const name of ['b', 'c']) writeFileSync(path.join(server.directory, `${name}.release`), '')
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200])

  const page = await scrapeUntil(server.url, (seen) => sum(requests(seen)) === 39)
  expect(requests(page)).toEqual({
    '{method="POST",endpoint="/run",status="200"}': 5,
    '{method="POST",endpoint="/run",status="500"}': 3,
    '{method="POST",endpoint="/run",status="504"}': 1,
    '{method="POST",endpoint="/run",status="503"}': 1,
    '{method="POST",endpoint="/run",status="404"}': 1,
    '{method="POST",endpoint="/run",status="422"}': 1,
    '{method="POST",endpoint="/run",status="400"}': 1,
    '{method="POST",endpoint="/run",status="499"}': 1,
    '{method="GET",endpoint="/jobs/:id",status="404"}': 5,
    '{method="GET",endpoint="unmatched",status="404"}': 20,
  })
  expect(page.samples.get('mcp_request_duration_seconds_count{method="POST",endpoint="/run"}')).toBe(14)
  expect(nonZero(page, 'mcp_plugin_executions_total')).toEqual({
    '{plugin="odd",command="deaf",status="success"}': 3,
    '{plugin="odd",command="silent",status="error"}': 2,
    '{plugin="odd",command="prose",status="error"}': 1,
    '{plugin="stubborn",command="stay",status="timeout"}': 1,
    '{plugin="slow",command="hold",status="success"}': 2,
    '{plugin="slow",command="hold",status="cancelled"}': 1,
  })
  expect(page.samples.get('mcp_plugin_execution_duration_seconds_count{plugin="odd",command="deaf"}')).toBe(3)
  expect(page.of('mcp_queue_wait_seconds_count')).toEqual({
    '{plugin="odd"}': 6,
    '{plugin="slow"}': 3,
    '{plugin="stubborn"}': 1,
  })
  expect(page.of('mcp_queue_size')).toEqual({
    '{plugin="odd"}': 0,
    '{plugin="slow"}': 0,
    '{plugin="stubborn"}': 0,
  })
  expect(nonZero(page, 'mcp_queue_jobs_total')).toEqual({
    '{plugin="odd",status="success"}': 3,
    '{plugin="odd",status="error"}': 3,
    '{plugin="slow",status="success"}': 2,
    '{plugin="slow",status="cancelled"}': 1,
    '{plugin="stubborn",status="timeout"}': 1,
  })
})

test('every command is on the first page at 0, and a plugin that could not be loaded is down', async () => {
  const server = await startServer({ telemetry: true, flags: ['--plugins', testPlugins, '--root', '.'] })
  const page = await scrape(server.url)
  const executions = page.of('mcp_plugin_executions_total')
  expect(Object.keys(executions)).toHaveLength((6 + 1 + 1) * 4)
  expect(new Set(Object.values(executions))).toEqual(new Set([0]))
  expect(page.of('mcp_plugin_up')).toEqual({
    '{plugin="asleep"}': 0,
    '{plugin="broken"}': 0,
    '{plugin="odd"}': 1,
    '{plugin="slow"}': 1,
    '{plugin="stubborn"}': 1,
  })
})

test('a plugin that is unloaded takes its series along, those of a job that ends later included', async () => {
  const directory = emptyDirectory()
  for (const name of ['odd', 'slow'])
    cpSync(path.join(testPlugins, name), path.join(directory, name), { recursive: true })
  const server = await startServer({ telemetry: true, flags: ['--plugins', directory, '--root', '.'] })
  await server.run('odd', 'deaf')
  const job = server.run('slow', 'hold', { name: 'a' })
  await held(server, 'a')
  expect([...(await scrape(server.url)).samples.keys()].filter((key) => key.includes('plugin="slow"'))).not.toEqual([])

  rmSync(path.join(directory, 'slow'), { recursive: true })
  server.child.kill('SIGHUP')
  expect((await job).body.error?.code).toBe('job_cancelled')
  const left = [...(await scrape(server.url)).samples.keys()]
  expect(left.filter((key) => key.includes('plugin="slow"'))).toEqual([])
  expect(left).toContain('mcp_plugin_executions_total{plugin="odd",command="deaf",status="success"}')
})

test('health tells of every plugin and of the queues', async () => {
  const server = await startServer({ telemetry: true })
  await server.run('system', 'os')
  const response = await fetch(`${server.url}/health`)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({
    // A machine under load may rightly call its event loop degraded.
    status: expect.stringMatching(/^(healthy|degraded)$/),
    version: expect.any(String),
    uptime: expect.any(Number),
    queue_size: 0,
    plugins: {
      checksum: { status: 'healthy', executions: { success: 0 } },
      search: { status: 'healthy', executions: { success: 0 } },
      system: { status: 'healthy', executions: { success: 1 } },
      words: { status: 'healthy', executions: { success: 0 } },
    },
  })
})
