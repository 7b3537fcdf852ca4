export { catalogueProblems } from './catalogue-problems.ts'
export { JOB_BUCKETS, REQUEST_BUCKETS } from './catalogue.ts'
export type { AttributesOf, AttributeSpec, Catalogue, InstrumentKind, InstrumentSpec } from './catalogue.ts'
export {
  checkedVariables,
  configSchema,
  describeValue,
  isLoopback,
  listSettings,
  readConfig,
  settings,
  withoutCredentials,
} from './config/index.ts'
export type {
  CheckedVariable,
  Config,
  ConfigOptions,
  ConfigSources,
  FileSettings,
  JsonSchema,
  Kind,
  NamedSetting,
  OptionsOf,
  ReadConfig,
  Setting,
  ValuesOf,
} from './config/index.ts'
export { activeContext, CALL_IN_CONTEXT, callInContext, ENTER_CONTEXT, enterContext } from './context-entry.ts'
export { createErrorInstruments } from './create-error-instruments.ts'
export type { ErrorInstruments } from './create-error-instruments.ts'
export { createInstruments } from './create-instruments.ts'
export type { InstrumentScope } from './create-instruments.ts'
export { ERROR_SCOPE, errorInstruments } from './error-instruments.ts'
export { errorText } from './error-text.ts'
export { errorType } from './error-type.ts'
export { hasIds, IDS_WHEN_ASKED } from './ids-when-asked.ts'
export { CATALOGUE } from './meter/catalogue-option.ts'
export type { CatalogueMeterOptions } from './meter/catalogue-option.ts'
export { createMeterProvider } from './meter/meter-provider.ts'
export type { CatalogueMeterProvider, MeterProviderOptions, SeriesReading } from './meter/meter-provider.ts'
export { createEventRecorder } from './meter/event-recorder.ts'
export type { EventRecorder } from './meter/event-recorder.ts'
export { processMeters } from './meter/process-meters.ts'
export type { ProcessMeters, ProcessMetersMode } from './meter/process-meters.ts'
export { routeMeters } from './meter/routing-meter-provider.ts'
export type { Routes } from './meter/routing-meter-provider.ts'
export type { SeriesCollection, SeriesData } from './meter/series-data.ts'
export type { SeriesProducer, TemporalitySelector } from './meter/series-producer.ts'
export { telemetryFaults } from './telemetry-faults.ts'
export { telemetryInstruments } from './telemetry-instruments.ts'
export { openEventLoopDelay } from './event-loop-delay.ts'
export type { EventLoopDelay, EventLoopDelayWindow } from './event-loop-delay.ts'
export { failSpan } from './outcome/fail-span.ts'
export { observeCall } from './outcome/observe-call.ts'
export type { Settled } from './outcome/observe-call.ts'
export { outcomeStatus } from './outcome/outcome-status.ts'
export { overlay } from './outcome/overlay.ts'
export { OUTCOME_STATUSES } from './outcome/outcome.ts'
export type { Outcome, OutcomeStatus, StatusOf } from './outcome/outcome.ts'
export { resolveEnd } from './outcome/resolve-end.ts'
export type { OutcomeEnd, ResolvedEnd, StatusRules } from './outcome/resolve-end.ts'
export { layContext } from './layered-context.ts'
export { processWide } from './process-wide.ts'
export { DATA_POINT_TYPE, TEMPORALITY } from './metric-data.ts'
export type {
  CollectionResult,
  DataPoint,
  Exemplar,
  ExponentialBuckets,
  ExponentialHistogramData,
  ExponentialHistogramValue,
  GaugeData,
  HistogramData,
  HistogramValue,
  MetricData,
  MetricDescriptor,
  ResourceMetrics,
  ScopeMetrics,
  SumData,
} from './metric-data.ts'
export { createMetricsHandler } from './prometheus/metrics-handler.ts'
export type { MetricsHandler, MetricsHandlerOptions } from './prometheus/metrics-handler.ts'
export type { MetricsRequest, MetricsResponse } from './prometheus/metrics-response.ts'
export { acceptsGzip, CONTENT_TYPES, negotiateFormat } from './prometheus/negotiation.ts'
export { createPageRenderer } from './prometheus/page-renderer.ts'
export type { PageOptions, PageRenderer } from './prometheus/page-renderer.ts'
export type { PageFormat } from './prometheus/layout.ts'
export type { Collect } from './prometheus/collection.ts'
export { prometheusName } from './prometheus/prometheus-name.ts'
export { labelName } from './prometheus/label-name.ts'
export { isHarmlessResourceAttribute } from './prometheus/target-info.ts'
export type { TargetInfo } from './prometheus/target-info.ts'
export { END_AT_TICK, endSpanAt, MADE_FOR_IT, READ_TICK } from './span-tick.ts'
export type { TickedOptions } from './span-tick.ts'
export type {
  BoundAdder,
  BoundRecorder,
  Instruments,
  Observe,
  TypedAdder,
  TypedInstrument,
  TypedObservable,
  TypedRecorder,
} from './typed-instruments.ts'
export { VERSION } from './version.ts'
