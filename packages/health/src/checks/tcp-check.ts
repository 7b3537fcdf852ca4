import { connect } from 'node:net'

import type { CheckFn } from '../check-options.ts'
import { assertLimits } from '../thresholds.ts'
import { latencyResult } from './latency.ts'
import { outside } from './outside.ts'

export interface TcpCheckOptions {
  readonly port: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Connecting slower than this, s, is degraded. Default none. */
  readonly degradedLatency?: number
}

/** Checks that a TCP connection can be made; it is closed at once. */
export function tcpCheck(options: TcpCheckOptions): CheckFn {
  const { port, host = '127.0.0.1', degradedLatency } = options
  assertLimits('tcpCheck', options, { degradedLatency: 'amount' }, ['port', 'host'])
  return outside(
    ({ signal }) =>
      new Promise((resolve, reject) => {
        const startedAt = performance.now()
        const socket = connect({ port, host })
        // The check alone must not keep a process alive that has nothing else to do.
        socket.unref()
        const abort = (): void => void socket.destroy(signal.reason as Error)
        signal.addEventListener('abort', abort, { once: true })
        socket.once('close', () => signal.removeEventListener('abort', abort))
        socket.once('error', reject)
        socket.once('connect', () => {
          socket.destroy()
          const observed = (performance.now() - startedAt) / 1000
          resolve(latencyResult(observed, degradedLatency))
        })
      }),
  )
}
