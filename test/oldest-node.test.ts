import { expect } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { findOldestNode } from './support/components.ts'
import { accountOf, endingApp, ENDINGS } from './support/endings.ts'
import { startMockOtlp } from './support/mock-otlp.ts'
import { scrapeUntil } from './support/scrape.ts'
import { testWith } from './support/test-with.ts'

const oldest = await findOldestNode()

function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((total, value) => total + value, 0)
}

for (const flag of ['--require', '--import']) {
  for (const app of ['app.mjs', 'app.cjs']) {
    testWith(
      oldest,
      `on the oldest Node, ${flag} makes the unmodified ${app} observable, and SIGTERM ends it after a last export`,
      async (node) => {
        await using collector = await startMockOtlp()
        await using process = new AppProcess([flag, REGISTER, `${root}/examples/zero-code/${app}`], {
          node,
          env: { PORT: '0', MCP_OTEL_PORT: '0', OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl },
        })
        const endpoint = await process.endpoint()
        const [, url = ''] = await process.sees(/listening on (\S+)/)
        for (let i = 0; i < 3; i++) await (await fetch(`${url}/users/1`)).text()
        const page = await scrapeUntil(endpoint, (it) => sum(it.of('mcp_requests_total')) === 3)
        const routes = Object.keys(page.of('mcp_requests_total'))
        expect(
          routes.every((labels) => labels.includes('/:')),
          routes.join(),
        ).toBe(true)
        expect(page.text).toMatch(/nodejs_version_info\{version="v22\.15\.0"/)

        expect(await process.stop('SIGTERM')).toEqual({ code: null, signal: 'SIGTERM' })
        const last = collector.points.all.findLast(({ name }) => name === 'mcp.request.duration')
        expect(last?.count).toBeGreaterThan(0)
        expect(collector.spans.all.filter(({ kind }) => kind === 'SPAN_KIND_SERVER')).toHaveLength(3)
      },
      60_000,
    )
  }
}

for (const [flag, app] of [
  ['--require', 'hono-app.cjs'],
  ['--require', 'hono-app.mjs'],
  ['--import', 'hono-app.mjs'],
] as const) {
  testWith(
    oldest,
    `on the oldest Node, whose synchronous module hooks break applications, ${flag} still finds the routes of ${app}`,
    async (node) => {
      await using process = new AppProcess([flag, REGISTER, `${root}/test/fixtures/${app}`, 'default'], {
        node,
        env: { PORT: '0', MCP_OTEL_PORT: '0' },
      })
      const endpoint = await process.endpoint()
      const [, url = ''] = await process.sees(/app on (\S+)/)
      await (await fetch(`${url}/users/1`)).text()
      const expected = '{method="GET",endpoint="/users/:id",status="200"}'
      const page = await scrapeUntil(endpoint, (it) => it.of('mcp_requests_total')[expected] === 1)
      expect(page.of('mcp_requests_total')).toEqual({ [expected]: 1 })
    },
    60_000,
  )
}

for (const [how, protocol, format, flag] of [
  ['by process.exit()', 'grpc', 'cjs', '--require'],
  ['by an uncaught exception', 'http/protobuf', 'mjs', '--import'],
  ['by SIGTERM, whose handler exits at once', 'http/json', 'cjs', '--import'],
  ['by SIGTERM, whose handler drains and exits', 'http/protobuf', 'mjs', '--require'],
] as const) {
  testWith(
    oldest,
    `on the oldest Node, nothing is lost when the .${format} app under ${flag} ends ${how}`,
    async (node) => {
      await using collector = await startMockOtlp()
      await using process = new AppProcess([flag, REGISTER, endingApp(`app.${format}`), how], {
        node,
        env: {
          MCP_OTEL_PORT: '0',
          OTEL_SERVICE_NAME: how,
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl,
        },
      })
      await ENDINGS[how]?.provoke?.(process)
      await process.exit()
      const recorded = ENDINGS[how]?.recorded
      expect(accountOf(collector, how)).toEqual({ spans: recorded, logs: recorded, events: recorded })
    },
    60_000,
  )
}
