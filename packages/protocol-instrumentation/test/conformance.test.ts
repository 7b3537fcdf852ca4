import { SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { beforeAll, describe, expect, test, vi } from 'vitest'

import { scenarios, unknownTool } from './support/expectations.ts'
import type { ExpectedSpan, Scenario } from './support/expectations.ts'
import { TRANSPORTS, createRig } from './support/rig.ts'
import type { Rig, TransportName } from './support/rig.ts'
import { stacks } from './support/stacks.ts'
import type { StackName } from './support/stacks.ts'
import { registerContext } from './support/telemetry.ts'

beforeAll(registerContext)

const NETWORK = { memory: undefined, stdio: 'pipe' } as Readonly<Record<string, string | undefined>>

function isServed(stack: StackName, transport: TransportName): boolean {
  return transport !== 'http modern' || stacks[stack].major === 2
}

const pairs = (Object.keys(stacks) as StackName[]).flatMap((stack) =>
  TRANSPORTS.filter((transport) => isServed(stack, transport)).map((transport) => [stack, transport] as const),
)

describe.each(pairs)('%s over %s', (stack, transport) => {
  const rows = [...scenarios, unknownTool[stacks[stack].major]]
    .filter((row) => isPossible(row, transport))
    .map((row) => (transport === 'http modern' ? { ...row, ...row.overModern } : row))
  test.each(rows)('$title', async (row) => {
    const rig = await createRig(stack, transport)
    try {
      await row.act(rig)
      const name = row.server.name
      const server = await vi.waitFor(() => only(rig.spansOf('server', name)))
      const client = await vi.waitFor(() => only(rig.spansOf('client', row.client.name)))
      expect(told(server)).toEqual(wanted(row.server))
      expect(told(client)).toEqual(wanted(row.client))
      expectConnected(client, server, transport)
      expectMetrics(rig, row)
      await vi.waitFor(() => {
        expect(rig.points('mcp.protocol.active_requests')).toMatchObject({ 'role=server': 0, 'role=client': 0 })
      })
    } finally {
      await rig.close()
    }
  })
})

/** Without a session, nobody can tell the server that its answer is no longer wanted, unless the request ends with its connection. */
function isPossible({ title }: Scenario, transport: TransportName): boolean {
  const needsSession = title.includes('cancels') || title.includes('runs out')
  return !(transport === 'http stateless' && needsSession)
}

function only(spans: readonly ReadableSpan[]): ReadableSpan {
  expect(spans).toHaveLength(1)
  return spans[0] as ReadableSpan
}

function told(span: ReadableSpan): object {
  const exception = span.events.find(({ name }) => name === 'exception')?.attributes?.['exception.type']
  return {
    isError: span.status.code === SpanStatusCode.ERROR,
    errorType: span.attributes['error.type'],
    code: span.attributes['rpc.response.status_code'],
    exception,
  }
}

function wanted({ isError, errorType, code, exception }: ExpectedSpan): object {
  return { isError, errorType, code, exception }
}

function expectConnected(client: ReadableSpan, server: ReadableSpan, transport: TransportName): void {
  expect(server.spanContext().traceId).toBe(client.spanContext().traceId)
  expect(server.parentSpanContext?.spanId).toBe(client.spanContext().spanId)
  const network = transport in NETWORK ? NETWORK[transport] : 'tcp'
  for (const span of [client, server]) {
    expect(span.attributes['network.transport']).toBe(network)
    expect(span.attributes['mcp.protocol.version']).toBe(transport === 'http modern' ? '2026-07-28' : '2025-11-25')
    expect(span.attributes['jsonrpc.request.id']).toMatch(/^\d+$/)
  }
  expect(client.attributes['mcp.session.id'] !== undefined).toBe(transport === 'http stateful')
  expect(server.attributes['mcp.session.id']).toBe(client.attributes['mcp.session.id'])
}

function expectMetrics(rig: Rig, { execution, errorClass, server, client }: Scenario): void {
  const executions = Object.entries(rig.points('mcp.plugin.executions')).filter(([, count]) => count > 0)
  const [command, status] = execution?.split(' ') ?? []
  expect(executions).toEqual(execution === undefined ? [] : [[`plugin=shop,command=${command},status=${status}`, 1]])
  expect(rig.points('mcp.errors')).toMatchObject(
    errorClass === undefined ? {} : { [`source=plugin,type=${errorClass}`]: 1 },
  )
  for (const [metric, expected] of [
    ['mcp.server.operation.duration', server],
    ['mcp.client.operation.duration', client],
  ] as const) {
    const method = expected.name.split(' ')[0]
    const point = Object.entries(rig.points(metric)).filter(([labels]) =>
      labels.startsWith(`mcp.method.name=${method},`),
    )
    expect(point).toHaveLength(1)
    const [labels, count] = point[0] as [string, number]
    expect(count).toBe(1)
    expect(/error\.type=([^,]+)/.exec(labels)?.[1]).toBe(expected.errorType)
    expect(/status_code=([^,]+)/.exec(labels)?.[1]).toBe(expected.code)
  }
}
