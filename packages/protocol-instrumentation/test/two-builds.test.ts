import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

import { expect, test } from 'vitest'

const PROGRAM = `
  import { createRequire } from 'node:module'
  import * as esm from '@mcp/otel-protocol-instrumentation'
  import { createMeterProvider } from '@mcp/otel-core'
  import { Client } from '@modelcontextprotocol/sdk/client/index.js'
  import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
  import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'

  const cjs = createRequire(import.meta.url)('@mcp/otel-protocol-instrumentation')
  const meterProvider = createMeterProvider()
  for (const { instrumentMcp } of [esm, cjs]) instrumentMcp({ Client, McpServer }, { meterProvider })
  const server = new McpServer({ name: 'shop', version: '1' })
  server.registerTool('echo', {}, () => ({ content: [] }))
  const client = new Client({ name: 'agent', version: '1' })
  cjs.instrumentServer(server, { meterProvider })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  esm.instrumentServer(server, { meterProvider })
  await client.callTool({ name: 'echo', arguments: {} })
  await client.close()
  const counts = (name) => meterProvider.readSeries(name)
    .filter(({ attributes }) => attributes['gen_ai.tool.name'] === 'echo').map(({ value }) => value.count)
  console.log(JSON.stringify({
    differ: esm.instrumentMcp !== cjs.instrumentMcp,
    server: counts('mcp.server.operation.duration'),
    client: counts('mcp.client.operation.duration'),
  }))`

test('the ESM and the CommonJS build in one process observe a call once', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: path.join(import.meta.dirname, '..'),
  })
  expect(JSON.parse(stdout)).toEqual({ differ: true, server: [1], client: [1] })
})
