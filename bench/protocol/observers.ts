import { start } from '@mcp/otel'
import { createMeterProvider } from '@mcp/otel-core'
import { instrumentMcp } from '@mcp/otel-protocol-instrumentation'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { context, propagation } from '@opentelemetry/api'
import type { TracerProvider } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core'
import { BatchSpanProcessor, TracerProvider as StockProvider } from '@opentelemetry/sdk-trace'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'
import * as Sentry from '@sentry/node'
import { McpInstrumentation } from '@traceloop/instrumentation-mcp'

import type { ContestantKind } from '../harness/suite.ts'
import { sendTraces } from './send-traces.ts'
import { spansByHand as makeSpansByHand } from './spans-by-hand.ts'

/** Makes a process observe; returns what tells how many spans it has made so far. */
type Setup = (server: McpServer) => () => number

interface Observer {
  readonly group: string
  readonly kind: ContestantKind
  readonly setup: Setup
}

const METRICS = 'metrics'
const SPANS = 'spans, and metrics where there are any'
const none = (): number => 0

/** Who observes; spans go through a batch processor to an exporter that drops them. */
export const observers: Readonly<Record<string, Observer>> = {
  bare: { group: METRICS, kind: 'limit', setup: () => none },
  'ours, server': { group: METRICS, kind: 'ours', setup: ours({ spans: false, classes: { McpServer } }) },
  'ours, both sides': { group: METRICS, kind: 'ours', setup: ours({ spans: false, classes: { McpServer, Client } }) },
  'bare, no spans': { group: SPANS, kind: 'limit', setup: () => none },
  'bare, with a trace in each message': { group: SPANS, kind: 'limit', setup: sendTraces },
  'ours, server with spans': { group: SPANS, kind: 'ours', setup: ours({ spans: true, classes: { McpServer } }) },
  'ours, client with spans': { group: SPANS, kind: 'ours', setup: ours({ spans: true, classes: { Client } }) },
  'ours, client with spans that it keeps to itself': {
    group: SPANS,
    kind: 'ours',
    setup: ours({ spans: true, propagate: false, classes: { Client } }),
  },
  'ours, both sides with spans': {
    group: SPANS,
    kind: 'ours',
    setup: ours({ spans: true, classes: { McpServer, Client } }),
  },
  'the same spans made by hand, no metrics': { group: SPANS, kind: 'peer', setup: spansByHand },
  '@traceloop/instrumentation-mcp, spans of the client only': {
    group: SPANS,
    kind: 'peer',
    setup: () => {
      const { spans, tracerProvider } = createTraces()
      const instrumentation = new McpInstrumentation()
      instrumentation.setTracerProvider(tracerProvider)
      instrumentation.manuallyInstrument({ Client, Server })
      return spans
    },
  },
  '@sentry/node, spans of the server only': {
    group: SPANS,
    kind: 'peer',
    setup: (server) => {
      let ended = 0
      Sentry.init({ dsn: 'http://key@127.0.0.1:9/1', tracesSampleRate: 1, transport: createNoTransport })
      Sentry.getClient()?.on('spanEnd', () => void ended++)
      Sentry.wrapMcpServerWithSentry(server)
      return () => ended
    },
  },
}

interface Asked {
  readonly spans: boolean
  /** Whether messages carry the trace. */
  readonly propagate?: boolean
  readonly classes: Parameters<typeof instrumentMcp>[0]
}

function ours({ classes, spans: hasSpans, propagate }: Asked): Setup {
  return () => {
    const { spans, tracerProvider } = hasSpans ? createTraces(startTracing) : { spans: none }
    instrumentMcp(classes, { spans: hasSpans, propagate, meterProvider: createMeterProvider(), tracerProvider })
    return spans
  }
}

function spansByHand(server: McpServer): () => number {
  const { spans, tracerProvider } = createTraces()
  makeSpansByHand(server, tracerProvider.getTracer('app'))
  return spans
}

interface Traces {
  readonly tracerProvider: TracerProvider
  readonly spans: () => number
}

/** Makes spans that a batch processor hands to an exporter which drops them. */
function createTraces(provide: (processor: SpanProcessor) => TracerProvider = startStockTracing): Traces {
  let ended = 0
  const processor = new BatchSpanProcessor({
    exporter: { export: (_spans, done) => done({ code: ExportResultCode.SUCCESS }), shutdown: async () => {} },
  })
  const onEnd = processor.onEnd.bind(processor)
  processor.onEnd = (span) => {
    ended += 1
    onEnd(span)
  }
  return { tracerProvider: provide(processor), spans: () => ended }
}

function startStockTracing(processor: SpanProcessor): TracerProvider {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
  return new StockProvider({ spanProcessors: [processor] })
}

/** As a user of ours has it, with nothing observed but the calls. */
function startTracing(processor: SpanProcessor): TracerProvider {
  const { tracerProvider } = start({
    banner: false,
    endpoint: { enabled: false },
    logLevel: 'none',
    metrics: { process: false },
    sdk: { spanProcessors: [processor], metricReaders: [] },
  })
  return tracerProvider
}

function createNoTransport() {
  return { send: async () => ({}), flush: async () => true }
}
