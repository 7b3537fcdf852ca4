const CLAIM = Symbol.for('@mcp/otel.stdout-claim')

type Claimed = { [CLAIM]?: string }

/**
 * Says that standard output belongs to a protocol from now on, process-wide: consoles in mode `auto` move to stderr.
 * `reason` says to whom, for instance `Model Context Protocol over stdio`.
 */
export function claimStdout(reason: string): void {
  ;(globalThis as Claimed)[CLAIM] ??= reason
}

/** Tells whether standard output belongs to a protocol. */
export function isStdoutClaimed(): boolean {
  return (globalThis as Claimed)[CLAIM] !== undefined
}
