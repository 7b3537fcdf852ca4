import { processWide } from '@mcp/otel-core'

/**
 * Says that standard output belongs to a protocol from now on, process-wide: consoles in mode `auto` move to stderr.
 * `reason` says to which, for instance `Model Context Protocol over stdio`. The first claim stands.
 */
export function claimStdout(reason: string): void {
  claim().reason ??= reason
}

/** Tells whether standard output belongs to a protocol. */
export function isStdoutClaimed(): boolean {
  return claim().reason !== undefined
}

function claim(): { reason?: string } {
  return processWide<{ reason?: string }>('stdout-claim', () => ({}))
}
