export type { CheckContext, CheckFn, CheckOptions, CheckResult, CheckReturn, ProbeGroup } from './check-options.ts'
export { diskSpaceCheck } from './checks/disk-space-check.ts'
export type { DiskSpaceOptions } from './checks/disk-space-check.ts'
export { eventLoopDelayCheck } from './checks/event-loop-delay-check.ts'
export type { EventLoopDelayThresholds } from './checks/event-loop-delay-check.ts'
export { httpCheck } from './checks/http-check.ts'
export type { HttpCheckOptions } from './checks/http-check.ts'
export { memoryCheck } from './checks/memory-check.ts'
export type { MemoryThresholds } from './checks/memory-check.ts'
export { pluginErrorRateCheck } from './checks/plugin-error-rate-check.ts'
export type { PluginErrorRateOptions } from './checks/plugin-error-rate-check.ts'
export { queueBacklogCheck } from './checks/queue-backlog-check.ts'
export type { QueueBacklogOptions } from './checks/queue-backlog-check.ts'
export { tcpCheck } from './checks/tcp-check.ts'
export type { TcpCheckOptions } from './checks/tcp-check.ts'
export { telemetryCheck } from './checks/telemetry-check.ts'
export type { ExporterState, TelemetryCheckOptions } from './checks/telemetry-check.ts'
export { workerCheck } from './checks/worker-check.ts'
export type { WorkerCheckOptions } from './checks/worker-check.ts'
export { createHealth } from './create-health.ts'
export type { Health } from './create-health.ts'
export type { DetailsPolicy } from './details-access.ts'
export { drainOnSignal, ENDS_BY_SIGNAL, SIGNAL_LISTENER } from './drain-on-signal.ts'
export type { DrainOnSignalOptions } from './drain-on-signal.ts'
export { drainServers } from './drain-servers.ts'
export type { DrainableServer, DrainServersOptions } from './drain-servers.ts'
export { runHealthCommand } from './health-command.ts'
export type { CommandIo } from './health-command.ts'
export type { DraftCheck, HealthJson } from './health-json.ts'
export type { ComponentPolicy, HealthOptions, PluginPolicy, QueuePolicy } from './health-options.ts'
export type { HealthPaths, HealthRequest, HealthResponse } from './http-contract.ts'
export { HEALTH_SCOPE, healthInstruments } from './instruments.ts'
export type { NodeHealthHandler } from './node-handler.ts'
export type { PluginThresholds } from './plugin-component.ts'
export { healthResource, healthTool } from './protocol-health.ts'
export type { HealthResource, HealthTool, ProtocolHealthOptions } from './protocol-health.ts'
export type { QueueThresholds } from './queue-component.ts'
export type { HistogramReading, PluginFacts, QueueFacts, ReadSeries, SeriesReading } from './read-series.ts'
export type {
  CheckReport,
  CpuHealth,
  EventLoopHealth,
  GcHealth,
  HandlesHealth,
  HealthReport,
  MemoryHealth,
  PluginHealth,
  ProbeReport,
  PublicReport,
  QueueHealth,
  ServerHealth,
} from './report.ts'
export type { HealthResponder, ResponderOptions } from './responder.ts'
export type { Vitals } from './server-vitals.ts'
export { expressHealth } from './servers/express-health.ts'
export type { ExpressMiddleware } from './servers/express-health.ts'
export { fastifyHealth } from './servers/fastify-health.ts'
export type { FastifyApp, FastifyPlugin } from './servers/fastify-health.ts'
export { honoHealth } from './servers/hono-health.ts'
export type { HonoContext, HonoMiddleware } from './servers/hono-health.ts'
export { koaHealth } from './servers/koa-health.ts'
export type { KoaContext, KoaMiddleware } from './servers/koa-health.ts'
export { describeChange, HEALTH_CHANGE_CHANNEL } from './state-change.ts'
export type { HealthChange } from './state-change.ts'
export type { HealthStatus } from './status.ts'
export { VERSION } from './version.ts'
