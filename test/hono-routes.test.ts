import { expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from './support/app-process.ts'
import { scrapeUntil } from './support/scrape.ts'

test.concurrent.each([
  ['--require', 'hono-app.cjs', 'default'],
  ['--import', 'hono-app.cjs', 'default'],
  ['--require', 'hono-app.mjs', 'default'],
  ['--import', 'hono-app.mjs', 'default'],
  ['--require', 'hono-app.cjs', 'quick'],
  ['--import', 'hono-app.mjs', 'quick'],
  ['--require', 'hono-app.cjs', 'tiny'],
  ['--import', 'hono-app.mjs', 'tiny'],
])('under %s, %s, unmodified, with the %s router shows its route templates', async (flag, fixture, router) => {
  await using app = new AppProcess([flag, REGISTER, `${root}/test/fixtures/${fixture}`, router], {
    env: { MCP_OTEL_PORT: '0' },
  })
  const [endpoint, [, url = '']] = await Promise.all([app.endpoint(), app.sees(/app on (\S+)/)])
  for (const id of [1, 2, 3]) expect(await (await fetch(`${url}/users/${id}`)).json()).toEqual({ id: String(id) })
  expect((await fetch(`${url}/nowhere`)).status).toBe(404)

  const expected = {
    '{method="GET",endpoint="/users/:id",status="200"}': 3,
    '{method="GET",endpoint="unmatched",status="404"}': 1,
  }
  const page = await scrapeUntil(endpoint, (it) => Object.keys(it.of('mcp_requests_total')).length === 2)
  expect(page.of('mcp_requests_total')).toEqual(expected)
  expect(app.stderr.trim().split('\n')).toHaveLength(1)
})
