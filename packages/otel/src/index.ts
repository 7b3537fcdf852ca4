export type { Config, ConfigOptions } from '@mcp/otel-core'
export { errorType } from '@mcp/otel-core'
export {
  createHealth,
  describeChange,
  diskSpaceCheck,
  drainOnSignal,
  drainServers,
  httpCheck,
  pluginErrorRateCheck,
  queueBacklogCheck,
  tcpCheck,
  workerCheck,
} from '@mcp/otel-health'
export type { CheckFn, CheckOptions, CheckResult, Health, HealthOptions, HealthReport } from '@mcp/otel-health'
export { HttpServerInstrumentation, ignoreServer, setRoute } from '@mcp/otel-http-instrumentation'
export type { HttpServerInstrumentationConfig, RequestInfo } from '@mcp/otel-http-instrumentation'
export {
  instrumentCommand,
  instrumentPlugin,
  instrumentSubprocess,
  listPlugins,
  onExecution,
  registerPlugin,
  setPluginUp,
  startExecution,
  unregisterPlugin,
  withExecution,
} from '@mcp/otel-plugin-instrumentation'
export type { Execution, PluginExecution, PluginOptions, PluginStatus } from '@mcp/otel-plugin-instrumentation'
export {
  instrumentClient,
  instrumentMcp,
  instrumentServer,
  protocolInstruments,
} from '@mcp/otel-protocol-instrumentation'
export type { CaptureOptions, McpClasses, McpOptions } from '@mcp/otel-protocol-instrumentation'
export { instrumentQueue, listQueues, onJob, removeQueues } from '@mcp/otel-queue-instrumentation'
export type { InstrumentedQueue, QueueJob, QueueOptions, QueueStatus } from '@mcp/otel-queue-instrumentation'
export type { EndpointHandler } from './endpoint/create-handler.ts'
export { logHealthChanges } from './logs/health-lines.ts'
export { mcpParts } from './mcp-parts.ts'
export type { McpParts } from './mcp-parts.ts'
export type { StartOptions } from './options.ts'
export { buildInstruments, processInstruments } from './process-instruments.ts'
export type { SdkOptions } from './sdk/sdk-parts.ts'
export { start } from './start.ts'
export { getTelemetry } from './start-telemetry.ts'
export { systemInstruments } from './system-instruments.ts'
export type { Telemetry } from './telemetry.ts'
export { VERSION } from './version.ts'
