import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { SpanKind } from '@opentelemetry/api'
import { Client } from 'mcp-sdk-1.0/client/index.js'
import { InMemoryTransport } from 'mcp-sdk-1.0/inMemory.js'
import { Server } from 'mcp-sdk-1.0/server/index.js'
import { CallToolRequestSchema } from 'mcp-sdk-1.0/types.js'
import { beforeAll, expect, test, vi } from 'vitest'

import { instrumentMcp } from '../src/index.ts'
import { createTestTelemetry, registerContext } from './support/telemetry.ts'

beforeAll(registerContext)

test('the oldest minor of the SDK has spans for every end of a call, on both sides', async () => {
  const manifest = createRequire(import.meta.url)
    .resolve('mcp-sdk-1.0/client/index.js')
    .replace(/dist.*/, 'package.json')
  expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ version: '1.0.4' })

  const telemetry = createTestTelemetry()
  instrumentMcp(
    { Server, Client },
    { meterProvider: telemetry.meterProvider, tracerProvider: telemetry.tracerProvider },
  )
  const server = new Server({ name: 'old', version: '1' }, { capabilities: { tools: {} } })
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name } }) => {
    if (name === 'throw') throw new RangeError('too far')
    if (name === 'hang') return new Promise(() => {})
    return { content: [], isError: name === 'refuse' }
  })
  const client = new Client({ name: 'agent', version: '1' }, { capabilities: {} })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  const call = (name: string, options = {}): Promise<unknown> =>
    client.callTool({ name, arguments: {} }, undefined, options).catch((error: unknown) => error)
  await call('work')
  await call('refuse')
  await call('throw')
  await call('hang', { timeout: 20 })
  const abort = new AbortController()
  const cancelled = call('hang', { signal: abort.signal })
  abort.abort('no longer needed')
  await cancelled
  const closed = call('hang')
  await client.close()
  await closed

  const ends = (side: 'server' | 'client'): unknown[] =>
    telemetry
      .spans()
      .filter(({ kind, name }) => name.startsWith('tools/call') && (kind === SpanKind.SERVER) === (side === 'server'))
      .map(({ name, attributes }) => `${name.slice(11)} ${String(attributes['error.type'])}`)
  await vi.waitFor(() => expect(ends('server')).toHaveLength(6))
  expect(ends('client')).toEqual([
    'work undefined',
    'refuse tool_error',
    'throw -32603',
    'hang timeout',
    'hang cancelled',
    'hang connection_closed',
  ])
  expect(ends('server')).toEqual([
    'work undefined',
    'refuse tool_error',
    'throw -32603',
    'hang timeout',
    'hang cancelled',
    'hang cancelled',
  ])
  const [thrown] = telemetry.spansOf('server', 'tools/call throw')
  expect(thrown?.events[0]?.attributes?.['exception.type']).toBe('RangeError')
})
