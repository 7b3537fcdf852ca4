import { mcpProtocol } from './mcp-protocol.ts'
import { overview } from './overview.ts'
import type { DashboardSpec } from './panel-spec.ts'
import { pluginPerformance } from './plugin-performance.ts'
import { systemHealth } from './system-health.ts'
import { telemetry } from './telemetry.ts'

/** Every dashboard, in the order in which a reader meets them. */
export const dashboardSpecs: readonly DashboardSpec[] = [
  overview,
  pluginPerformance,
  systemHealth,
  mcpProtocol,
  telemetry,
]
