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

const REQUEST_ID: unknown = expect.stringMatching(/^\d+$/)
const SESSION_ID: unknown = expect.stringMatching(/^[\da-f-]{36}$/)
const SIZE: unknown = expect.any(Number)

function isServed(stack: StackName, transport: TransportName): boolean {
  return transport !== 'http modern' || stacks[stack].major === 2
}

const pairs = (Object.keys(stacks) as StackName[]).flatMap((stack) =>
  TRANSPORTS.filter((transport) => isServed(stack, transport)).map((transport) => [stack, transport] as const),
)

describe.each(pairs)('%s over %s', (stack, transport) => {
  const rows = [...scenarios, unknownTool[stacks[stack].major]]
    .filter(({ except }) => except?.includes(transport) !== true)
    .map((row) => ({ ...row, ...(stacks[stack].major === 2 && row.inV2) }))
    .map((row) => ({ ...row, ...(transport === 'http modern' && row.overModern) }))
  test.each(rows)('$title', async (row) => {
    const rig = await createRig(stack, transport)
    try {
      await row.act(rig)
      const server = await vi.waitFor(() => only(rig.spansOf('server', row.server.name)))
      const client = await vi.waitFor(() => only(rig.spansOf('client', row.client.name)))
      const isHttp = transport.startsWith('http')
      const port = isHttp && row.sentBy === undefined ? Number(client.attributes['server.port']) : undefined
      expect(told(server)).toEqual(wanted(row.server))
      expect(told(client)).toEqual(wanted(row.client))
      expect(client.attributes).toEqual(attributesOf(row, 'client', transport, port))
      expect(server.attributes).toEqual(attributesOf(row, 'server', transport, undefined))
      expect(server.attributes['mcp.session.id']).toBe(client.attributes['mcp.session.id'])
      expect(server.spanContext().traceId).toBe(client.spanContext().traceId)
      expect(server.parentSpanContext?.spanId).toBe(client.spanContext().spanId)
      expectMetrics(rig, row, transport, port)
      await vi.waitFor(() => {
        expect(rig.points('mcp.protocol.active_requests')).toEqual({ 'role=server': 0, 'role=client': 0 })
      })
    } finally {
      await rig.close()
    }
  })
})

function only(spans: readonly ReadableSpan[]): ReadableSpan {
  expect(spans).toHaveLength(1)
  return spans[0] as ReadableSpan
}

function told({ events, status }: ReadableSpan): object {
  const exceptions = events.map(({ name, attributes }) => [name, attributes?.['exception.type']])
  return { isError: status.code === SpanStatusCode.ERROR, description: status.message, exceptions }
}

function wanted({ description, exception, isError }: ExpectedSpan): object {
  return { isError, description, exceptions: exception === undefined ? [] : [['exception', exception]] }
}

function versionOver(transport: TransportName): string {
  return transport === 'http modern' ? '2026-07-28' : '2025-11-25'
}

/** Every attribute of a span, and no other. */
function attributesOf(row: Scenario, side: 'server' | 'client', transport: TransportName, port?: number): object {
  const { about, code, errorType, name } = row[side]
  const isHttp = transport.startsWith('http')
  const isAnswered = about['gen_ai.operation.name'] !== undefined && row.execution?.startsWith('slow') !== true
  const hasResult = side === 'server' && isAnswered && code === undefined
  return {
    'mcp.method.name': name.split(' ')[0],
    ...about,
    'mcp.protocol.version': versionOver(transport),
    ...(row.isNotification !== true && { 'jsonrpc.request.id': REQUEST_ID }),
    ...(transport !== 'memory' && { 'network.transport': isHttp ? 'tcp' : 'pipe' }),
    ...(isHttp && { 'network.protocol.name': 'http' }),
    ...(transport === 'http stateful' && { 'mcp.session.id': SESSION_ID }),
    ...(port !== undefined && { 'server.address': '127.0.0.1', 'server.port': port }),
    ...(hasResult && { 'mcp.tool.call.result.size': SIZE }),
    ...(errorType !== undefined && { 'error.type': errorType }),
    ...(code !== undefined && { 'rpc.response.status_code': code }),
  }
}

/** The one series that an operation is recorded in, whole. */
function seriesOf(row: Scenario, side: 'server' | 'client', transport: TransportName, port?: number): string {
  const { about, code, errorType, label, name } = row[side]
  const isHttp = transport.startsWith('http')
  const labels = {
    'mcp.method.name': name.split(' ')[0],
    'gen_ai.operation.name': about['gen_ai.operation.name'],
    'gen_ai.tool.name': about['gen_ai.tool.name'] && (label ?? about['gen_ai.tool.name']),
    'gen_ai.prompt.name': about['gen_ai.prompt.name'] && (label ?? about['gen_ai.prompt.name']),
    'rpc.response.status_code': code,
    'mcp.protocol.version': versionOver(transport),
    'network.transport': transport === 'memory' ? undefined : isHttp ? 'tcp' : 'pipe',
    'network.protocol.name': isHttp ? 'http' : undefined,
    'error.type': errorType,
    'server.address': port && '127.0.0.1',
    'server.port': port,
  }
  return Object.entries(labels)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value as string}`]))
    .join(',')
}

function expectMetrics(rig: Rig, row: Scenario, transport: TransportName, port?: number): void {
  const executions = Object.entries(rig.points('mcp.plugin.executions')).filter(([, count]) => count > 0)
  const [command, status] = row.execution?.split(' ') ?? []
  expect(executions).toEqual(command === undefined ? [] : [[`plugin=shop,command=${command},status=${status}`, 1]])
  const durations = Object.entries(rig.points('mcp.plugin.execution.duration')).filter(([, count]) => count > 0)
  expect(durations).toEqual(command === undefined ? [] : [[`plugin=shop,command=${command}`, 1]])
  const { errorClass } = row
  expect(rig.points('mcp.errors')).toMatchObject(
    errorClass === undefined ? {} : { [`source=plugin,type=${errorClass}`]: 1 },
  )
  for (const [metric, side] of [
    ['mcp.server.operation.duration', 'server'],
    ['mcp.client.operation.duration', 'client'],
  ] as const) {
    const method = `mcp.method.name=${row[side].name.split(' ')[0]},`
    const points = Object.entries(rig.points(metric)).filter(([labels]) => labels.startsWith(method))
    expect(points).toEqual([[seriesOf(row, side, transport, side === 'client' ? port : undefined), 1]])
  }
}
