import { expect, test } from 'vitest'

import { AppProcess, REGISTER } from '../../../test/support/app-process.ts'
import { startMockOtlp } from '../../../test/support/mock-otlp.ts'
import { scrape } from '../../../test/support/scrape.ts'
import { serve } from '../../../test/support/serve.ts'

const REQUESTS = 5

test('the requests of the HTTP client are those of the app, and no exports of ours', async () => {
  await using collector = await startMockOtlp()
  await using asked = await serve((_request, response) => response.end())
  // Some of the first spans have been exported, and answered for, by the time that the last one is.
  const script = `
    const ask = (left) => require('http').get('${asked.url}', (response) => {
      response.resume().on('end', () => left > 1 && setTimeout(ask, 100, left - 1))
    })
    ask(${REQUESTS})
    setInterval(() => {}, 1000)`
  await using app = new AppProcess(['--require', REGISTER, '-e', script], {
    env: { MCP_OTEL_PORT: '0', OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_BSP_SCHEDULE_DELAY: '10' },
  })
  for (let i = 0; i < REQUESTS; i++) await collector.spans.next(({ kind }) => kind === 'SPAN_KIND_CLIENT')
  const { port } = new URL(asked.url)
  const page = await scrape(await app.endpoint())
  const labels = [
    'http_request_method="GET"',
    'server_address="127.0.0.1"',
    `server_port="${port}"`,
    'network_protocol_version="1.1"',
    'http_response_status_code="200"',
  ]
  expect(page.of('http_client_request_duration_seconds_count')).toEqual({ [`{${labels.join(',')}}`]: REQUESTS })
})
