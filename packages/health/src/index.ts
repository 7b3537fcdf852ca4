export type { CheckContext, CheckFn, CheckOptions, CheckResult, CheckReturn, ProbeGroup } from './check-options.ts'
export { eventLoopDelayCheck } from './checks/event-loop-delay-check.ts'
export { memoryCheck } from './checks/memory-check.ts'
export { createHealth } from './create-health.ts'
export type { Health } from './create-health.ts'
export type { HealthOptions, PluginPolicy, QueuePolicy } from './health-options.ts'
export type { HealthPaths, HealthRequest, HealthResponse } from './http-contract.ts'
export { HEALTH_SCOPE, healthInstruments } from './instruments.ts'
export type { NodeHealthHandler } from './node-handler.ts'
export type { HistogramReading, PluginFacts, QueueFacts, ReadSeries, SeriesReading } from './read-series.ts'
export type {
  CheckReport,
  HealthReport,
  PluginHealth,
  ProbeReport,
  PublicReport,
  QueueHealth,
  ServerHealth,
} from './report.ts'
export { describeChange, HEALTH_CHANGE_CHANNEL } from './state-change.ts'
export type { HealthChange } from './state-change.ts'
export type { HealthStatus } from './status.ts'
export { VERSION } from './version.ts'
