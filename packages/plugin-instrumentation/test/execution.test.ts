import { processMeters } from '@mcp/otel-core'
import {
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  context,
  createContextKey,
  diag,
  propagation,
  trace,
} from '@opentelemetry/api'
import type { TracerProvider } from '@opentelemetry/api'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { listPlugins, onExecution, registerPlugin, startExecution, withExecution } from '../src/index.ts'
import type { PluginExecution } from '../src/index.ts'
import { pluginRegistry } from '../src/plugin-registry.ts'
import {
  createOwnTelemetry,
  createTelemetry,
  registerContext,
  underSpan,
  unregisterContext,
} from './support/telemetry.ts'
import type { OwnTelemetry } from './support/telemetry.ts'

/** Collects what is said by `diag`, for as long as the test runs. */
function hearWarnings(): string[] {
  const said: string[] = []
  const logger = { error() {}, info() {}, debug() {}, verbose() {}, warn: (text: string) => void said.push(text) }
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  onTestFinished(() => diag.disable())
  return said
}

const faults = (): unknown =>
  processMeters()
    .provider.readSeries('mcp.telemetry.faults')
    .find(({ attributes }) => attributes['source'] === 'plugin')?.value

let telemetry: OwnTelemetry
let published: PluginExecution[]
let unsubscribe: () => void
beforeAll(registerContext)
afterAll(unregisterContext)
beforeEach(() => {
  telemetry = createOwnTelemetry()
  published = []
  unsubscribe = onExecution((execution) => published.push(execution))
})
afterEach(() => unsubscribe())

const list = { plugin: 'files', command: 'list' }
const executions = (): Record<string, number> => telemetry.points('mcp.plugin.executions')

const statusOf = (outcome: object): 'error' | 'cancelled' | undefined =>
  'error' in outcome ? 'cancelled' : (outcome as { result: { isError?: true } }).result.isError ? 'error' : undefined

test('an execution has one span under its request, and the metrics of the guide', () => {
  const { spanId, traceId } = underSpan(telemetry, () => {
    const execution = startExecution(list, telemetry)
    expect(telemetry.points('mcp.plugin.active_executions')).toEqual({ 'plugin=files': 1 })
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
  expect(executions()).toEqual({ 'plugin=files,command=list,status=success': 1 })
  expect(telemetry.points('mcp.plugin.execution.duration')).toEqual({ 'plugin=files,command=list': 1 })
  expect(telemetry.points('mcp.plugin.up')).toEqual({ 'plugin=files': 1 })
  expect(telemetry.points('mcp.plugin.active_executions')).toEqual({ 'plugin=files': 0 })
  expect(telemetry.points('mcp.errors')).toEqual({})
})

test('another SDK gets the same metrics', async () => {
  const other = createTelemetry()
  startExecution(list, other).end({ error: new TypeError('x') })
  expect(await other.points('mcp.plugin.executions')).toEqual({ 'plugin=files,command=list,status=error': 1 })
  expect(await other.points('mcp.plugin.execution.duration')).toEqual({ 'plugin=files,command=list': 1 })
  expect(await other.points('mcp.plugin.up')).toEqual({ 'plugin=files': 1 })
  expect(await other.points('mcp.plugin.active_executions')).toEqual({ 'plugin=files': 0 })
  expect(await other.points('mcp.errors')).toEqual({ 'source=plugin,type=TypeError': 1 })
})

test('a failure makes the span an error with the exception, and counts the class of the error', () => {
  const error = new RangeError('out of range')
  startExecution(list, telemetry).end({ error })
  const [span] = telemetry.spans()
  expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'out of range' })
  expect(span?.attributes).toMatchObject({ 'mcp.execution.status': 'error', 'error.type': 'RangeError' })
  expect(span?.events).toMatchObject([
    {
      name: 'exception',
      attributes: {
        'exception.type': 'RangeError',
        'exception.message': 'out of range',
        'exception.stacktrace': error.stack,
      },
    },
  ])
  expect(executions()).toEqual({ 'plugin=files,command=list,status=error': 1 })
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=RangeError': 1 })
})

test('lasts from `started` to `ended` where these are given: seconds on the page, milliseconds on the channel', () => {
  startExecution(list, { ...telemetry, started: 1000 }).end({ ended: 3500 })
  const [duration] = telemetry.meterProvider.readSeries('mcp.plugin.execution.duration')
  expect(duration?.value).toMatchObject({ count: 1, sum: 2.5 })
  expect(published).toMatchObject([{ durationMs: 2500 }])
})

test('a timeout is a failure, a cancellation is none', () => {
  startExecution(list, telemetry).end({ status: 'timeout' })
  startExecution(list, telemetry).end({ error: AbortSignal.abort().reason })
  const [timeout, cancelled] = telemetry.spans()
  expect(timeout?.status.code).toBe(SpanStatusCode.ERROR)
  expect(timeout?.attributes).toMatchObject({ 'mcp.execution.status': 'timeout', 'error.type': 'TimeoutError' })
  expect(cancelled?.status.code).toBe(SpanStatusCode.UNSET)
  expect(cancelled?.attributes).toEqual({
    'mcp.plugin': 'files',
    'mcp.command': 'list',
    'mcp.execution.status': 'cancelled',
  })
  expect(executions()).toEqual({
    'plugin=files,command=list,status=timeout': 1,
    'plugin=files,command=list,status=cancelled': 1,
  })
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=TimeoutError': 1 })
})

test('only the first end counts', () => {
  const execution = startExecution(list, telemetry)
  execution.end({ status: 'cancelled' })
  execution.end({ error: new Error('late') })
  execution.end()
  expect(executions()).toEqual({ 'plugin=files,command=list,status=cancelled': 1 })
  expect(telemetry.spans()).toHaveLength(1)
  expect(telemetry.points('mcp.plugin.active_executions')).toEqual({ 'plugin=files': 0 })
})

test('its metrics point to its span by exemplars', async () => {
  startExecution(list, telemetry).end({ error: new Error('x') })
  const { resourceMetrics } = await telemetry.meterProvider.producer().collect()
  const points = resourceMetrics.scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => /executions|duration|errors/.test(descriptor.name) && !/active/.test(descriptor.name))
    .flatMap(({ dataPoints }): readonly { exemplars?: unknown }[] => dataPoints)
  expect(points).toHaveLength(3)
  const { traceId, spanId } = telemetry.spans()[0]?.spanContext() ?? {}
  for (const { exemplars } of points) expect(exemplars).toMatchObject([{ traceId, spanId }])
})

test('without a span of its own it is measured under the one that stands for it', () => {
  const { span } = underSpan(telemetry, () => {
    const execution = startExecution(list, { ...telemetry, span: false })
    expect(execution.context).toBe(context.active())
    execution.end({ status: 'error', errorType: 'tool_error' })
  })
  expect(telemetry.spans()).toHaveLength(1)
  expect(telemetry.spans()[0]?.spanContext()).toBe(span.spanContext())
  expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=tool_error': 1 })
})

test('its parent may be another context than the active one, whose baggage it keeps', () => {
  const { span } = underSpan(telemetry, () => {})
  const baggage = propagation.createBaggage({ tenant: { value: 'a' } })
  const cause = propagation.setBaggage(trace.setSpan(ROOT_CONTEXT, span), baggage)
  const execution = startExecution(list, {
    ...telemetry,
    context: cause,
    attributes: { 'app.size': 7 },
    links: [{ context: span.spanContext() }],
  })
  expect(propagation.getBaggage(execution.context)).toBe(baggage)
  execution.end({ attributes: { 'app.rows': 3 } })
  const own = telemetry.spans().at(-1)
  expect(own?.parentSpanContext?.spanId).toBe(span.spanContext().spanId)
  expect(own?.attributes).toMatchObject({ 'app.size': 7, 'app.rows': 3 })
  expect(own?.links).toHaveLength(1)
})

test('attributes that its caller gives say nothing else of what it is', () => {
  const attributes = { 'mcp.plugin': 'other', 'mcp.command': 'other' }
  startExecution(list, { ...telemetry, attributes }).end()
  expect(telemetry.spans()[0]?.attributes).toMatchObject({ 'mcp.plugin': 'files', 'mcp.command': 'list' })
})

test('however many commands a plugin runs, each is counted and timed by its own name, and few are kept at hand', () => {
  for (let index = 0; index < 300; index++) {
    startExecution({ plugin: 'files', command: `c${index}` }, telemetry).end({ status: 'timeout' })
  }
  const names = Array.from({ length: 300 }, (_, index) => `plugin=files,command=c${index}`)
  expect(executions()).toEqual(Object.fromEntries(names.map((name) => [`${name},status=timeout`, 1])))
  expect(telemetry.points('mcp.plugin.execution.duration')).toEqual(Object.fromEntries(names.map((name) => [name, 1])))
  expect(pluginRegistry(telemetry.meterProvider).plugins.get('files')?.series.size).toBe(200)
})

describe('the status', () => {
  test('is what `statusOf` reads from a result or an error', () => {
    const options = { ...telemetry, statusOf }
    withExecution(list, () => ({ isError: true }), options)
    withExecution(list, () => ({}), options)
    startExecution(list, options).end({ error: new Error('x') })
    expect(executions()).toEqual({
      'plugin=files,command=list,status=error': 1,
      'plugin=files,command=list,status=success': 1,
      'plugin=files,command=list,status=cancelled': 1,
    })
    expect(telemetry.points('mcp.errors')).toEqual({ 'source=plugin,type=_OTHER': 1 })
  })

  test('is found by the usual rules when `statusOf` throws, and the caller notices nothing', () => {
    const options = {
      ...telemetry,
      statusOf: () => {
        throw new Error('broken')
      },
    }
    expect(withExecution(list, () => 7, options)).toBe(7)
    expect(executions()).toEqual({ 'plugin=files,command=list,status=success': 1 })
  })

  test('is cancelled for the reason of its signal, whatever that is, and error for anything else', () => {
    const controller = new AbortController()
    const reason = new Error('the user has left')
    controller.abort(reason)
    const options = { ...telemetry, signal: controller.signal }
    startExecution(list, options).end({ error: reason })
    startExecution(list, options).end({ error: new Error('the user has left') })
    expect(executions()).toEqual({
      'plugin=files,command=list,status=cancelled': 1,
      'plugin=files,command=list,status=error': 1,
    })
  })
})

describe('withExecution', () => {
  test('hands over the execution and ends with the function', async () => {
    const key = createContextKey('key')
    const result = await context.with(ROOT_CONTEXT.setValue(key, 'kept'), () =>
      withExecution(
        list,
        async (execution) => {
          await Promise.resolve()
          expect(context.active()).toBe(execution.context)
          return context.active().getValue(key)
        },
        telemetry,
      ),
    )
    expect(result).toBe('kept')
    const error = new Error('x')
    await expect(withExecution(list, () => Promise.reject(error), telemetry)).rejects.toBe(error)
    expect(executions()).toEqual({
      'plugin=files,command=list,status=success': 1,
      'plugin=files,command=list,status=error': 1,
    })
    expect(listPlugins(telemetry)[0]?.active).toBe(0)
  })

  test('an execution that its function has ended keeps that end', () => {
    withExecution(list, (execution) => execution.end({ status: 'timeout' }), telemetry)
    expect(executions()).toEqual({ 'plugin=files,command=list,status=timeout': 1 })
  })
})

describe('names', () => {
  test('that are none of a registered plugin become _OTHER', () => {
    registerPlugin('files', { ...telemetry, commands: ['list'] })
    for (const command of ['list', '../../etc/passwd', '', undefined as unknown as string]) {
      startExecution({ plugin: 'files', command }, telemetry).end()
    }
    const counts = Object.entries(executions()).filter(([, count]) => count > 0)
    expect(Object.fromEntries(counts)).toEqual({
      'plugin=files,command=list,status=success': 1,
      'plugin=files,command=_OTHER,status=success': 3,
    })
    expect(telemetry.spans().map(({ name }) => name)).toContain('files _OTHER')
  })

  test('of plugins are bounded where none is registered', () => {
    const said = hearWarnings()
    for (let index = 0; index < 2000; index++) startExecution({ plugin: `p${index}`, command: 'c' }, telemetry).end()
    expect(said).toEqual([
      'more than 1000 plugins; "p1000" and others are measured as _OTHER; register plugins by name',
    ])
    expect(listPlugins(telemetry)).toHaveLength(1001)
    expect(listPlugins(telemetry).at(-1)).toMatchObject({ name: '_OTHER', executions: { success: 1000 } })
    registerPlugin('mine', telemetry)
    expect(listPlugins(telemetry).at(-1)).toMatchObject({ name: 'mine' })
  })
})

describe('the channel', () => {
  test('tells each end with what a log line needs', () => {
    const error = new TypeError('x')
    startExecution(list, telemetry).end()
    const failing = startExecution(list, telemetry)
    failing.end({ error })
    expect(published).toEqual([
      {
        plugin: 'files',
        command: 'list',
        status: 'success',
        durationMs: expect.any(Number),
        context: expect.anything(),
      },
      {
        plugin: 'files',
        command: 'list',
        status: 'error',
        durationMs: expect.any(Number),
        errorType: 'TypeError',
        error,
        context: failing.context,
      },
    ])
    expect(published[1]?.error).toBe(error)
  })

  test('calls its listeners within the context of the execution, and ends them on request', () => {
    const traceIds: (string | undefined)[] = []
    const stop = onExecution(() => traceIds.push(trace.getActiveSpan()?.spanContext().spanId))
    startExecution(list, telemetry).end()
    stop()
    startExecution(list, telemetry).end()
    expect(traceIds).toEqual([telemetry.spans()[0]?.spanContext().spanId])
  })

  test('a listener that throws harms nobody', () => {
    const stop = onExecution(() => {
      throw new Error('broken listener')
    })
    expect(withExecution(list, () => 7, telemetry)).toBe(7)
    stop()
    expect(published).toHaveLength(1)
  })
})

test.each([[null], [0], ['done']])(
  'an end of %j, as callbacks without types give it, is one without an error',
  (given) => {
    const { end } = startExecution(list, telemetry)
    end(given as never)
    expect(executions()).toEqual({ 'plugin=files,command=list,status=success': 1 })
  },
)

test.each([[null], [undefined], [{}]])('an execution that %j names is measured as _OTHER', (name) => {
  expect(withExecution(name as never, () => 7, telemetry)).toBe(7)
  expect(executions()).toEqual({ 'plugin=_OTHER,command=_OTHER,status=success': 1 })
})

test('a tracer that throws costs the span and nothing else', () => {
  const tracerProvider = {
    getTracer: () => ({
      startSpan() {
        throw new Error('broken tracer')
      },
      startActiveSpan() {
        throw new Error('broken tracer')
      },
    }),
  }
  const options = { ...telemetry, tracerProvider: tracerProvider as never }
  expect(withExecution(list, () => 7, options)).toBe(7)
  expect(executions()).toEqual({ 'plugin=files,command=list,status=success': 1 })
})

test('spans that throw cost themselves and nothing else: counted each time, each kind said once, and not without end', () => {
  const said = hearWarnings()
  const before = Number(faults() ?? 0)
  let reason = 'broken span'
  const broken = (): never => {
    throw new Error(reason)
  }
  const tracerProvider = { getTracer: () => ({ startSpan: () => ({ setAttribute: broken }) }) }
  const options = { ...telemetry, tracerProvider: tracerProvider as unknown as TracerProvider }
  for (let time = 0; time < 2; time++) expect(withExecution(list, () => 7, options)).toBe(7)
  expect(executions()).toEqual({ 'plugin=files,command=list,status=success': 2 })
  expect(said).toEqual(['an execution of files list could not be recorded: Error: broken span'])
  for (let index = 0; index < 1100; index++) {
    reason = `broken span ${index}`
    startExecution(list, options).end()
  }
  expect(said).toHaveLength(1000)
  expect(faults()).toBe(before + 1102)
})
