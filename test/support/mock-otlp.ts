import { MockOtlpServer, normalizeLogs, normalizeMetrics, normalizeTrace } from '@elastic/mockotlpserver'

import { createInbox } from './inbox.ts'
import type { Inbox } from './inbox.ts'
import { logRecords, metricPoints, spans } from './otlp-records.ts'
import type {
  LogsRequest,
  MetricsRequest,
  ReceivedLog,
  ReceivedPoint,
  ReceivedSpan,
  TraceRequest,
} from './otlp-records.ts'

/** A collector that keeps what it gets, the same for http/protobuf, http/json and gRPC. */
export interface MockOtlp extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT` with http/protobuf and http/json. */
  readonly httpUrl: string
  /** For the same variable with grpc. */
  readonly grpcUrl: string
  readonly spans: Inbox<ReceivedSpan>
  /** Each data point of each export, in order: a series arrives again with every export. */
  readonly points: Inbox<ReceivedPoint>
  readonly logs: Inbox<ReceivedLog>
  /** Spans and log records that came in a request which had come before, as it is now, to the byte. */
  readonly repeated: ReadonlySet<ReceivedSpan | ReceivedLog>
  stop(): Promise<void>
}

/**
 * Starts a collector on free ports of 127.0.0.1. It hears of everything that any such collector in this process
 * receives, so keep one at a time.
 */
export async function startMockOtlp(): Promise<MockOtlp> {
  const span = createInbox<ReceivedSpan>('span')
  const point = createInbox<ReceivedPoint>('metric point')
  const log = createInbox<ReceivedLog>('log record')
  let stopped = false
  const repeated = new Set<ReceivedSpan | ReceivedLog>()
  const requests = new Set<string>()
  const markRepeated = <T extends ReceivedSpan | ReceivedLog>(request: object, records: readonly T[]): readonly T[] => {
    const text = JSON.stringify(request)
    if (requests.has(text)) for (const record of records) repeated.add(record)
    requests.add(text)
    return records
  }
  const unlessStopped = (receive: (request: unknown) => void) => (request: unknown) => {
    if (!stopped) receive(request)
  }
  const server = new MockOtlpServer({
    logLevel: 'warn',
    services: ['http', 'grpc'],
    httpHostname: '127.0.0.1',
    httpPort: 0,
    grpcHostname: '127.0.0.1',
    grpcPort: 0,
    onTrace: unlessStopped((request) => {
      const normal = normalizeTrace(request) as TraceRequest
      span.receive(markRepeated(normal, spans(normal)))
    }),
    onMetrics: unlessStopped((request) => point.receive(metricPoints(normalizeMetrics(request) as MetricsRequest))),
    onLogs: unlessStopped((request) => {
      const normal = normalizeLogs(request) as LogsRequest
      log.receive(markRepeated(normal, logRecords(normal)))
    }),
  })
  await server.start()
  const stop = async (): Promise<void> => {
    stopped = true
    await server.close()
  }
  return {
    httpUrl: String(server.httpUrl).replace(/\/$/, ''),
    grpcUrl: String(server.grpcUrl).replace(/\/$/, ''),
    spans: span.inbox,
    points: point.inbox,
    logs: log.inbox,
    repeated,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
