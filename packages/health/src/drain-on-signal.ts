import { diag } from '@opentelemetry/api'

import type { Health } from './create-health.ts'
import { drainTracked } from './drain-servers.ts'
import type { DrainServersOptions } from './drain-servers.ts'
import { trackSessions } from './http2-sessions.ts'
import { scrubError } from './scrub.ts'

export interface DrainOnSignalOptions extends DrainServersOptions {
  /** Default SIGTERM. */
  readonly signals?: readonly NodeJS.Signals[]
  /** Called once the servers are closed, before the process ends: close databases, flush. */
  readonly onDrained?: () => unknown
}

/** A listener with this property ends the process itself when it is the only one left, and is not waited for. */
export const SIGNAL_LISTENER: unique symbol = Symbol.for('@mcp/otel/signal-listener') as never

/** A listener with this property takes its time, and then ends the process by the same signal. */
export const ENDS_BY_SIGNAL: unique symbol = Symbol.for('@mcp/otel/ends-by-signal') as never

/**
 * Drains servers when the process is told to stop, and ends it by the same signal, so that its exit code is the usual one;
 * a second signal ends it at once. An application that listens to the signal itself is left to end itself.
 * Returns what takes the listeners off again.
 */
export function drainOnSignal(health: Pick<Health, 'drain'>, options: DrainOnSignalOptions): () => void {
  const { signals = ['SIGTERM'], onDrained } = options
  const sessions = options.servers.map(trackSessions)
  let isDraining = false
  const off = (): void => {
    for (const signal of signals) process.removeListener(signal, listener)
  }
  const onSignal = (signal: NodeJS.Signals): void => {
    if (isDraining) {
      end(signal)
      return
    }
    isDraining = true
    drain().then(
      () => end(signal),
      (error: unknown) => {
        diag.error(`[mcp-otel] draining failed: ${scrubError(error)}; the process ends all the same`)
        end(signal)
      },
    )
  }
  const listener = Object.assign(onSignal, { [ENDS_BY_SIGNAL]: true })
  for (const signal of signals) process.on(signal, listener)
  return off

  async function drain(): Promise<void> {
    await drainTracked(health, options, sessions)
    await onDrained?.()
  }

  function end(signal: NodeJS.Signals): void {
    off()
    const others = process.listeners(signal).filter((other) => !(SIGNAL_LISTENER in other))
    if (others.length === 0) process.kill(process.pid, signal)
  }
}
