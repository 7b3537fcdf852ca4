import path from 'node:path'

import { expect, test } from 'vitest'

import { AppProcess, REGISTER, root } from '../../../test/support/app-process.ts'
import { scrapeUntil } from '../../../test/support/scrape.ts'

const FIXTURES = path.join(root, 'packages/otel/test/fixtures')

/** A program in both module systems, under both flags. */
function flagged(name: string): readonly (readonly [file: string, flag: string])[] {
  return [`${name}.mjs`, `${name}.cjs`].flatMap((file) =>
    ['--require', '--import'].map((flag) => [file, flag] as const),
  )
}

function start(flag: string, file: string): AppProcess {
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: '0' }
  return new AppProcess([flag, REGISTER, path.join(FIXTURES, file)], { cwd: FIXTURES, env })
}

test.each(flagged('mcp-handler'))(
  'what the handler of %s refuses by itself is measured under %s',
  async (file, flag) => {
    await using app = start(flag, file)
    const [, url = ''] = await app.sees(/^listening on (\S+)/m)
    const headers = { 'content-type': 'text/plain', 'mcp-method': 'tools/call', 'mcp-protocol-version': '2026-07-28' }
    const response = await fetch(url, { method: 'POST', headers, body: '{}' })
    expect([response.status, await response.json()]).toMatchObject([415, { error: { code: -32000 } }])
    const refused =
      /mcp_server_operation_duration_seconds_count\{mcp_method_name="tools\/call",.*rpc_response_status_code="-32000".*\} 1/
    const page = await scrapeUntil(await app.endpoint(), (seen) => refused.test(seen.text))
    expect(page.text).toMatch(refused)
    expect(page.text).not.toMatch(/mcp_errors_total\{source="protocol",type="-32000"/)
  },
)

test.each(flagged('mcp-entry'))('what serveStdio of %s refuses by itself is measured under %s', async (file, flag) => {
  await using app = start(flag, file)
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'old', version: '1' } }
  app.child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', id: 'old', method: 'initialize', params })}\n`)
  await app.sees(/"id":"old","error"/)
  const refused =
    /mcp_server_operation_duration_seconds_count\{mcp_method_name="initialize",rpc_response_status_code="-32\d+",.*network_transport="pipe".*\} 1/
  const page = await scrapeUntil(await app.endpoint(), (seen) => refused.test(seen.text))
  expect(page.text).toMatch(refused)
})
