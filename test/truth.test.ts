import { once } from 'node:events'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { abortRequest, sendRaw } from './support/raw-http.ts'
import { scrape, scrapeUntil } from './support/scrape.ts'

const APP = `${root}/test/fixtures/express-app.mjs`
const SCAN = 5000

test('a known load from outside is on the page to the last request, and a scan of random paths adds one series', async () => {
  await using app = new AppProcess(['--require', REGISTER, APP], { env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0' } })
  const endpoint = await app.endpoint()
  const [, url = ''] = await app.sees(/app on (\S+)/)

  for (let i = 0; i < 20; i++) await (await fetch(`${url}/ok`)).text()
  for (let i = 0; i < 7; i++) await (await fetch(`${url}/users/${i}`)).text()
  for (let i = 0; i < 3; i++) await (await fetch(`${url}/boom`)).text()
  for (let i = 0; i < 5; i++) await fetch(`${url}/ok`, { method: 'HEAD' })
  await scan(url)
  const pipelined = 'GET /ok HTTP/1.1\r\nHost: test\r\n\r\n'.repeat(9)
  await sendRaw(url, `${pipelined}GET /ok HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n`)
  for (let i = 1; i <= 4; i++) await abortRequest(url, '/hang', () => app.sees(new RegExp(`(?:hanging\\n){${i}}`)))
  for (let i = 0; i < 6; i++) await abortRequest(url, '/events', (socket) => once(socket, 'data'))

  const expected = {
    '{method="GET",endpoint="/ok",status="200"}': 30,
    '{method="GET",endpoint="/users/:id",status="200"}': 7,
    '{method="GET",endpoint="/boom",status="500"}': 3,
    '{method="HEAD",endpoint="/ok",status="200"}': 5,
    '{method="GET",endpoint="unmatched",status="404"}': SCAN,
    '{method="GET",endpoint="/hang",status="499"}': 4,
    '{method="GET",endpoint="/events",status="200"}': 6,
  }
  const total = sum(expected)
  const page = await scrapeUntil(
    endpoint,
    (it) => sum(it.of('mcp_requests_total')) >= total && it.of('mcp_active_requests')[''] === 0,
  )

  expect(page.of('mcp_requests_total')).toEqual(expected)
  const durations = page.of('mcp_request_duration_seconds_count')
  expect(durations).toEqual({
    '{method="GET",endpoint="/ok"}': 30,
    '{method="GET",endpoint="/users/:id"}': 7,
    '{method="GET",endpoint="/boom"}': 3,
    '{method="HEAD",endpoint="/ok"}': 5,
    '{method="GET",endpoint="unmatched"}': SCAN,
    '{method="GET",endpoint="/hang"}': 4,
    '{method="GET",endpoint="/events"}': 6,
  })
  expect(page.of('mcp_active_requests')).toEqual({ '': 0 })

  // Scraping is not a request of the app's.
  const again = await scrape(endpoint)
  expect(sum(again.of('mcp_requests_total'))).toBe(total)
}, 60_000)

async function scan(url: string): Promise<void> {
  const paths = Array.from(
    { length: SCAN },
    (_, i) => `/${((i * 2_654_435_761) % 2 ** 32).toString(36)}/${i}.php?x=${i}`,
  )
  const worker = async (): Promise<void> => {
    for (let path = paths.pop(); path !== undefined; path = paths.pop()) await (await fetch(url + path)).arrayBuffer()
  }
  await Promise.all(Array.from({ length: 16 }, worker))
}

function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((total, value) => total + value, 0)
}
