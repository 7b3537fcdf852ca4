/** What a metric instrument is called in OpenTelemetry's API. */
export type InstrumentKind =
  | 'counter'
  | 'upDownCounter'
  | 'gauge'
  | 'histogram'
  | 'observableCounter'
  | 'observableUpDownCounter'
  | 'observableGauge'

/** `'string'` takes any string; a list is the closed set of the values that are accepted. */
export type AttributeSpec = 'string' | readonly string[]

/** One metric as plain data: everything else about it (types, names, docs, zero series) derives from here. */
export interface InstrumentSpec {
  readonly kind: InstrumentKind
  /** OpenTelemetry name, dotted: `mcp.request.duration`. */
  readonly name: string
  /** UCUM unit: `s`, `By`, `1`, or an annotation such as `{request}`. */
  readonly unit: string
  /** Help text, as it stands on the page. */
  readonly help: string
  /** Label names in the order of the page, each with what it accepts. */
  readonly attributes: Readonly<Record<string, AttributeSpec>>
  /** Those of the attributes that a measurement may be without, given as `''`: its series does not have them. */
  readonly optional?: readonly string[]
  /** Histograms only: upper bounds in `unit`, ascending, without `+Inf`. */
  readonly buckets?: readonly number[]
}

/** Instruments by the name that code calls them. */
export type Catalogue = Readonly<Record<string, InstrumentSpec>>

type ValueOf<A extends AttributeSpec> = A extends readonly string[] ? A[number] : string

/** The attributes that one measurement of this instrument takes. */
export type AttributesOf<S extends InstrumentSpec> = {
  [K in keyof S['attributes']]: ValueOf<S['attributes'][K]>
}

/** Seconds, `.005 … 10`: the buckets of Prometheus' client libraries, for requests. */
export const REQUEST_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Seconds, `.005 … 300`: for executions and queue waits, which last longer than requests. */
export const JOB_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
]
