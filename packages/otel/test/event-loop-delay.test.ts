import { diag } from '@opentelemetry/api'
import { onTestFinished, expect, test, vi } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { scrape } from '../../../test/support/scrape.ts'
import { start } from '../src/index.ts'

const WAIT = { timeout: 20_000, interval: 20 }

test('what has blocked the event loop is on the page and in /health, and is the same there', async () => {
  const telemetry = start({ endpoint: { port: 0 }, banner: false })
  onTestFinished(async () => {
    await telemetry.shutdown()
    diag.disable()
  })
  const url = (await telemetry.endpoint.ready)!
  const longest = async (): Promise<number> => {
    const { server } = await telemetry.health.report()
    return server.event_loop.delay?.max ?? 0
  }
  const end = performance.now() + 150
  while (performance.now() < end);
  await vi.waitFor(async () => expect(await longest()).toBeGreaterThan(0.128), WAIT)

  const before = await longest()
  const onPage = (await scrape(url)).of('nodejs_eventloop_lag_max_seconds')['']!
  expect(onPage).toBeGreaterThanOrEqual(before)
  expect(onPage).toBeLessThanOrEqual(await longest())
})

test('a process that waits is left alone', async () => {
  const program = `
    const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount
    setTimeout(() => {
      const start = turns()
      setTimeout(() => {
        console.log('turns', turns() - start)
        process.exit()
      }, 2000)
    }, 500)`
  await using app = new AppProcess(['--require', REGISTER, '-e', program], { env: { MCP_OTEL_PORT: '0' } })
  const [, turns] = await app.sees(/turns (\d+)/)
  expect(Number(turns)).toBeLessThan(20)
})
