type Attributes = Readonly<Record<string, unknown>>

interface Origin {
  /** Attributes of the resource. */
  readonly resource: Attributes
  readonly scope: { readonly name: string; readonly version: string }
}

export interface ReceivedSpan extends Origin {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root. */
  readonly parentSpanId: string
  /** `SPAN_KIND_SERVER` … */
  readonly kind: string
  /** `STATUS_CODE_ERROR` … */
  readonly status: { readonly code?: string; readonly message?: string }
  readonly attributes: Attributes
  readonly events: ReadonlyArray<{ readonly name: string; readonly attributes: Attributes }>
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string; readonly attributes: Attributes }>
}

export interface ReceivedPoint extends Origin {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly type: 'sum' | 'gauge' | 'histogram' | 'exponentialHistogram'
  /** Sums and histograms only. */
  readonly temporality?: 'delta' | 'cumulative'
  /** Sums only. */
  readonly isMonotonic?: boolean
  readonly attributes: Attributes
  /** Sums and gauges only. */
  readonly value?: number
  /** Histograms only, as the next three. */
  readonly count?: number
  readonly sum?: number
  readonly bucketCounts?: readonly number[]
  readonly explicitBounds?: readonly number[]
}

export interface ReceivedLog extends Origin {
  readonly body: unknown
  readonly severityNumber: number
  readonly severityText: string
  readonly eventName: string
  /** Empty outside of a trace. */
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Attributes
}

type Json = { readonly [key: string]: unknown }
interface Scoped {
  readonly scope?: { readonly name?: string; readonly version?: string }
}
interface FromResource {
  readonly resource?: { readonly attributes?: Attributes }
}

export interface TraceRequest {
  readonly resourceSpans?: ReadonlyArray<
    FromResource & { readonly scopeSpans?: ReadonlyArray<Scoped & { spans?: Json[] }> }
  >
}
export interface MetricsRequest {
  readonly resourceMetrics?: ReadonlyArray<
    FromResource & { readonly scopeMetrics?: ReadonlyArray<Scoped & { metrics?: Json[] }> }
  >
}
export interface LogsRequest {
  readonly resourceLogs?: ReadonlyArray<
    FromResource & { readonly scopeLogs?: ReadonlyArray<Scoped & { logRecords?: Json[] }> }
  >
}

/** Returns the spans of an export, flat. */
export function spans({ resourceSpans = [] }: TraceRequest): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope, spans: found = [] }) =>
      found.map((span) => ({
        ...origin(resource, scope),
        name: String(span['name']),
        traceId: text(span['traceId']),
        spanId: text(span['spanId']),
        parentSpanId: text(span['parentSpanId']),
        kind: text(span['kind']),
        status: (span['status'] ?? {}) as ReceivedSpan['status'],
        attributes: attributes(span),
        events: list(span['events']).map((event) => ({ name: text(event['name']), attributes: attributes(event) })),
        links: list(span['links']).map((link) => ({
          traceId: text(link['traceId']),
          spanId: text(link['spanId']),
          attributes: attributes(link),
        })),
      })),
    ),
  )
}

const TYPES = ['sum', 'gauge', 'histogram', 'exponentialHistogram'] as const

/** Returns the data points of an export, flat. */
export function metricPoints({ resourceMetrics = [] }: MetricsRequest): ReceivedPoint[] {
  return resourceMetrics.flatMap(({ resource, scopeMetrics = [] }) =>
    scopeMetrics.flatMap(({ scope, metrics = [] }) =>
      metrics.flatMap((metric) => pointsOf(metric, origin(resource, scope))),
    ),
  )
}

function pointsOf(metric: Json, from: Origin): ReceivedPoint[] {
  const type = TYPES.find((it) => metric[it] !== undefined && metric[it] !== null)
  if (type === undefined) return []
  const data = metric[type] as Json
  const temporality = temporalityOf(data['aggregationTemporality'])
  return list(data['dataPoints']).map((point) => ({
    ...from,
    name: text(metric['name']),
    unit: text(metric['unit']),
    description: text(metric['description']),
    type,
    ...(temporality !== undefined && { temporality }),
    ...(type === 'sum' && { isMonotonic: data['isMonotonic'] === true }),
    attributes: attributes(point),
    ...valuesOf(point, type),
  }))
}

function valuesOf(point: Json, type: ReceivedPoint['type']): Partial<ReceivedPoint> {
  if (type === 'sum' || type === 'gauge') return { value: number(point['asInt'] ?? point['asDouble']) }
  return {
    count: number(point['count']),
    ...(point['sum'] !== undefined && point['sum'] !== null && { sum: number(point['sum']) }),
    ...(Array.isArray(point['bucketCounts']) && { bucketCounts: point['bucketCounts'].map(number) }),
    ...(Array.isArray(point['explicitBounds']) && { explicitBounds: point['explicitBounds'].map(number) }),
  }
}

function temporalityOf(value: unknown): 'delta' | 'cumulative' | undefined {
  if (value === 1 || value === 'AGGREGATION_TEMPORALITY_DELTA') return 'delta'
  return value === 2 || value === 'AGGREGATION_TEMPORALITY_CUMULATIVE' ? 'cumulative' : undefined
}

/** Returns the log records of an export, flat. */
export function logRecords({ resourceLogs = [] }: LogsRequest): ReceivedLog[] {
  return resourceLogs.flatMap(({ resource, scopeLogs = [] }) =>
    scopeLogs.flatMap(({ scope, logRecords: found = [] }) =>
      found.map((record) => ({
        ...origin(resource, scope),
        body: record['body'],
        severityNumber: number(record['severityNumber']),
        severityText: text(record['severityText']),
        eventName: text(record['eventName']),
        traceId: text(record['traceId']),
        spanId: text(record['spanId']),
        attributes: attributes(record),
      })),
    ),
  )
}

function origin(resource: FromResource['resource'], scope: Scoped['scope']): Origin {
  return {
    resource: resource?.attributes ?? {},
    scope: { name: scope?.name ?? '', version: scope?.version ?? '' },
  }
}

function attributes(record: Json): Attributes {
  return (record['attributes'] ?? {}) as Attributes
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as Json[]) : []
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The three protocols give 64-bit integers as strings, numbers, or halves. */
function number(value: unknown): number {
  if (typeof value !== 'object' || value === null) return Number(value)
  const { low, high } = value as { low: number; high: number }
  return high * 2 ** 32 + (low >>> 0)
}
