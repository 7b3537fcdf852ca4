/**
 * Cost of one tool call in memory, client and server in one process: bare, and observed by us and by others.
 *
 *   node --conditions=@mcp/source bench/protocol.ts [--calls=200] [--batches=40] [--processes=3]
 *
 * Each case runs in processes of its own, which take turns of one short batch each, so that whatever else the machine
 * does hits all alike. The cost of a process is the lower quartile of its batches' CPU time per call, without those in
 * which the machine took the processor away; that of a case is the median of its processes. Spans go through a batch
 * processor to an exporter that drops them. The tool takes one argument, which a schema checks.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'

import { createMeterProvider } from '@mcp/otel-core'
import { instrumentMcp } from '@mcp/otel-protocol-instrumentation'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { context, propagation } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import * as Sentry from '@sentry/node'
import { McpInstrumentation } from '@traceloop/instrumentation-mcp'
import { z } from 'zod'

/** Makes a process observe; returns what tells how many spans it has made so far. */
type Setup = (server: McpServer) => () => number

const none = (): number => 0

const cases: Readonly<Record<string, Setup>> = {
  bare: () => none,
  '@mcp/otel, metrics, server': ours({ spans: false, classes: { McpServer } }),
  '@mcp/otel, metrics, both sides': ours({ spans: false, classes: { McpServer, Client } }),
  '@mcp/otel, metrics and spans, server': ours({ spans: true, classes: { McpServer } }),
  '@mcp/otel, metrics and spans, both sides': ours({ spans: true, classes: { McpServer, Client } }),
  '@traceloop/instrumentation-mcp 0.27, spans of the client only': () => {
    const { spans, tracerProvider } = createTraces()
    const instrumentation = new McpInstrumentation()
    instrumentation.setTracerProvider(tracerProvider)
    instrumentation.manuallyInstrument({ Client, Server })
    return spans
  },
  '@sentry/node 11, spans of the server': (server) => {
    let ended = 0
    Sentry.init({ dsn: 'http://key@127.0.0.1:9/1', tracesSampleRate: 1, transport: createNoTransport })
    Sentry.getClient()?.on('spanEnd', () => void ended++)
    Sentry.wrapMcpServerWithSentry(server)
    return () => ended
  },
}

interface Measured {
  readonly micros: number
  readonly isClean: boolean
  readonly spans: number
}

const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    calls: { type: 'string', default: '200' },
    batches: { type: 'string', default: '40' },
    processes: { type: 'string', default: '3' },
  },
})
const calls = Number(values.calls)
const chosen = cases[values.case ?? '']
if (chosen === undefined) await compare(Number(values.batches), Number(values.processes))
else await serve(chosen)

async function compare(batches: number, processes: number): Promise<void> {
  const costs = new Map(Object.keys(cases).map((name) => [name, { micros: [] as number[], spans: 0 }]))
  for (let i = 0; i < processes; i++) {
    for (const [name, measured] of await takeTurns(batches)) {
      const cost = costs.get(name)
      cost?.micros.push(lowerQuartile(measured))
      if (cost !== undefined) cost.spans = measured.at(-1)?.spans ?? 0
    }
  }
  const bare = median(costs.get('bare')?.micros ?? [])
  console.log(`${cpus()[0]?.model}, Node ${process.version}, ${processes} × ${batches} batches of ${calls} calls each`)
  console.table(
    Object.fromEntries(
      [...costs].map(([name, { micros, spans }]) => {
        const cost = median(micros)
        return [
          name,
          { 'µs of CPU/call': round(cost), 'over bare, %': round((cost / bare - 1) * 100), 'spans/call': spans },
        ]
      }),
    ),
  )
}

async function takeTurns(batches: number): Promise<Map<string, Measured[]>> {
  const children = new Map<string, ChildProcess>()
  const results = new Map<string, Measured[]>()
  try {
    for (const name of Object.keys(cases)) {
      const child = fork(import.meta.filename, [`--case=${name}`, `--calls=${calls}`])
      children.set(name, child)
      results.set(name, [])
      await once(child, 'message')
    }
    for (let batch = 0; batch < batches; batch++) {
      for (const [name, child] of children) {
        child.send('batch')
        const [measured] = (await once(child, 'message')) as [Measured]
        results.get(name)?.push(measured)
      }
    }
    return results
  } finally {
    for (const child of children.values()) child.kill()
  }
}

/** Runs a batch whenever the parent asks for one. */
async function serve(setup: Setup): Promise<void> {
  const server = new McpServer({ name: 'bench', version: '1' })
  const spans = setup(server)
  server.registerTool('echo', { description: 'echo', inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }))
  const client = new Client({ name: 'bench', version: '1' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  const run = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await client.callTool({ name: 'echo', arguments: { text: 'hello' } })
  }
  await run(5000)
  process.on('message', () => {
    void (async () => {
      const [before, spansBefore] = [process.resourceUsage(), spans()]
      await run(calls)
      const after = process.resourceUsage()
      const micros = (after.userCPUTime + after.systemCPUTime - before.userCPUTime - before.systemCPUTime) / calls
      const isClean = after.involuntaryContextSwitches === before.involuntaryContextSwitches
      process.send?.({ micros, isClean, spans: (spans() - spansBefore) / calls } satisfies Measured)
    })()
  })
  process.send?.('ready')
}

function ours({ classes, spans: hasSpans }: { spans: boolean; classes: Parameters<typeof instrumentMcp>[0] }): Setup {
  return () => {
    const { spans, tracerProvider } = hasSpans ? createTraces() : { spans: none }
    instrumentMcp(classes, { spans: hasSpans, meterProvider: createMeterProvider(), tracerProvider })
    return spans
  }
}

function createTraces(): { readonly tracerProvider: TracerProvider; readonly spans: () => number } {
  let ended = 0
  const processor = new BatchSpanProcessor({
    exporter: { export: (_spans, done) => done({ code: ExportResultCode.SUCCESS }), shutdown: async () => {} },
  })
  const onEnd = processor.onEnd.bind(processor)
  processor.onEnd = (span) => {
    ended += 1
    onEnd(span)
  }
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  return { tracerProvider: new TracerProvider({ spanProcessors: [processor] }), spans: () => ended }
}

function createNoTransport() {
  return { send: async () => ({}), flush: async () => true }
}

function lowerQuartile(measured: readonly Measured[]): number {
  const clean = measured.filter(({ isClean }) => isClean)
  const kept = (clean.length >= measured.length / 10 ? clean : measured).map(({ micros }) => micros)
  return kept.toSorted((a, b) => a - b)[kept.length >> 2] ?? NaN
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN
}

function round(value: number): number {
  return Number(value.toFixed(1))
}
