import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { listPlugins, registerPlugin, startExecution, withExecution } from '../src/index.ts'
import { createTelemetry, registerContext, underSpan, unregisterContext } from './support/telemetry.ts'
import type { Telemetry } from './support/telemetry.ts'

let telemetry: Telemetry
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createTelemetry()
})

test('an execution by hand has one span under its request, and the metrics of the guide', async () => {
  const { spanId, traceId } = underSpan(telemetry, () => {
    const execution = startExecution({ plugin: 'files', command: 'list' }, telemetry)
    expect(execution.run(() => trace.getActiveSpan())).toBe(trace.getSpan(execution.context))
    execution.end()
  })
  const [span] = telemetry.spans()
  expect(span).toMatchObject({
    name: 'files list',
    kind: SpanKind.INTERNAL,
    status: { code: SpanStatusCode.UNSET },
    attributes: { 'mcp.plugin': 'files', 'mcp.command': 'list', 'mcp.execution.status': 'success' },
  })
  expect(span?.parentSpanContext?.spanId).toBe(spanId)
  expect(span?.spanContext().traceId).toBe(traceId)
  expect(await telemetry.points('mcp.plugin.executions')).toEqual({ 'plugin=files,command=list,status=success': 1 })
  expect(await telemetry.points('mcp.plugin.execution.duration')).toEqual({ 'plugin=files,command=list': 1 })
  expect(await telemetry.points('mcp.plugin.up')).toEqual({ 'plugin=files': 1 })
  expect(await telemetry.points('mcp.plugin.active_executions')).toEqual({ 'plugin=files': 0 })
  expect(listPlugins(telemetry)).toMatchObject([{ name: 'files', up: true, active: 0, executions: { success: 1 } }])
})
