import { channel } from 'node:diagnostics_channel'

import { processWide } from '@mcp/otel-core'

import { guardStdout } from './guard-stdout.ts'
import type { ProtocolTelemetry } from './telemetry.ts'

/** Name of the `node:diagnostics_channel` that tells, once, that a server speaks on standard output. */
export const STDIO_CHANNEL = 'mcp.protocol.stdio'

/** States that standard output belongs to the protocol, so that consoles and loggers move to standard error. */
export function claimStdio(telemetry: ProtocolTelemetry): void {
  // The claim that `@mcp/otel-logging` reads.
  const claim = processWide<{ reason?: string }>('stdout-claim', () => ({}))
  claim.reason ??= 'Model Context Protocol over stdio'
  if (telemetry.options.guardStdout === true) guardStdout(telemetry)
  const stdio = channel(STDIO_CHANNEL)
  if (stdio.hasSubscribers) stdio.publish({ reason: claim.reason })
}
