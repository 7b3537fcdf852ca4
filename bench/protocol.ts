/**
 * Cost of one tool call in memory, client and server in one process, bare and observed.
 *
 *   node --conditions=@mcp/source bench/protocol.ts [--calls=1000] [--rounds=15]
 *
 * Every case runs in a process of its own, in turn; its cost is the CPU time of that process per call, the median of its
 * rounds. Spans go through a batch processor to an exporter that drops them.
 */
import { execFileSync } from 'node:child_process'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'

import { createMeterProvider } from '@mcp/otel-core'
import { instrumentMcp } from '@mcp/otel-protocol-instrumentation'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { context, propagation } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { SpanExporter } from '@opentelemetry/sdk-trace'

interface Case {
  readonly spans: boolean
  readonly client: boolean
  readonly server: boolean
}

const cases: Readonly<Record<string, Case>> = {
  bare: { spans: false, client: false, server: false },
  'metrics, server': { spans: false, client: false, server: true },
  'metrics, both sides': { spans: false, client: true, server: true },
  'metrics and spans, server': { spans: true, client: false, server: true },
  'metrics and spans, both sides': { spans: true, client: true, server: true },
}

const { values } = parseArgs({
  options: {
    case: { type: 'string' },
    calls: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '15' },
  },
})
const calls = Number(values.calls)
const rounds = Number(values.rounds)
const chosen = cases[values.case ?? '']
if (chosen === undefined) compare()
else console.log(await measure(chosen))

function compare(): void {
  const repeats = 3
  const results = new Map(Object.keys(cases).map((name) => [name, [] as number[]]))
  for (let i = 0; i < repeats; i++) for (const [name, list] of results) list.push(inOwnProcess(name))
  const bare = median(results.get('bare') ?? [])
  console.log(
    `${cpus()[0]?.model}, Node ${process.version}, ${calls} calls, ${rounds} rounds, ${repeats} processes each`,
  )
  console.table(
    Object.fromEntries(
      [...results].map(([name, list]) => {
        const micros = median(list)
        return [
          name,
          { 'µs of CPU/call': Number(micros.toFixed(1)), 'over bare, %': Math.round((micros / bare - 1) * 100) },
        ]
      }),
    ),
  )
}

function inOwnProcess(name: string): number {
  const args = [...process.execArgv, import.meta.filename, `--case=${name}`, `--calls=${calls}`, `--rounds=${rounds}`]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

async function measure({ client: hasClient, server: hasServer, spans }: Case): Promise<number> {
  const exporter: SpanExporter = {
    export: (_spans, done) => done({ code: ExportResultCode.SUCCESS }),
    shutdown: async () => {},
  }
  if (spans) {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  }
  instrumentMcp(
    { ...(hasClient && { Client }), ...(hasServer && { McpServer }) },
    {
      spans,
      meterProvider: createMeterProvider(),
      tracerProvider: new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] }),
    },
  )
  const server = new McpServer({ name: 'bench', version: '1' })
  server.registerTool('echo', { description: 'echo' }, () => ({ content: [{ type: 'text', text: 'hi' }] }))
  const client = new Client({ name: 'bench', version: '1' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far)
  await client.connect(near)
  const costs: number[] = []
  const warmUp = 5
  for (let round = -warmUp; round < rounds; round++) {
    const before = process.cpuUsage()
    for (let i = 0; i < calls; i++) await client.callTool({ name: 'echo', arguments: {} })
    const { system, user } = process.cpuUsage(before)
    if (round >= 0) costs.push((system + user) / calls)
  }
  await client.close()
  return median(costs)
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? NaN
}
